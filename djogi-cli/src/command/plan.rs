//! `djogi plan`: what apply would do.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Show what apply would do; writes nothing but its own output
#[derive(Debug, Clone, Default, Args)]
pub struct PlanArgs {
    /// Save the plan, for `djogi apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to print the plan; --json is --format json
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<PlanFormat>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Only these addresses and what they depend on
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    pub only: Vec<String>,
    /// Only compare the database with the state: what drifted
    #[arg(long)]
    pub refresh_only: bool,
    /// List the objects that djogi does not manage
    #[arg(long)]
    pub unmanaged: bool,
    /// Say why the change of this address stands where it stands
    #[arg(long, value_name = "ADDRESS")]
    pub explain: Option<String>,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// Text for people
    #[default]
    Human,
    /// The plan document
    Json,
    /// The statements alone
    Sql,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::args::GlobalArgs;

    #[derive(Debug, Parser)]
    struct Plan {
        #[command(flatten)]
        global: GlobalArgs,
        #[command(flatten)]
        args: PlanArgs,
    }

    #[test]
    fn only_takes_several_addresses() {
        let plan = Plan::try_parse_from(["plan", "--only", "a", "b", "--only", "c", "--unmanaged"]).unwrap();
        assert_eq!(plan.args.only, ["a", "b", "c"]);
        assert!(plan.args.unmanaged);
        assert!(!plan.global.json);
    }

    #[test]
    fn json_and_another_format_exclude_each_other() {
        Plan::command().debug_assert();
        assert!(Plan::try_parse_from(["plan", "--json", "--format", "sql"]).is_err());
        let plan = Plan::try_parse_from(["plan", "--format", "sql"]).unwrap();
        assert_eq!(plan.args.format, Some(PlanFormat::Sql));
    }
}
