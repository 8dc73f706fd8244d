//! Patterns of names: which roles of the server a target manages.

use std::fmt;
use std::str::FromStr;

use crate::address_pattern::glob_matches;
use crate::ident::Ident;
use crate::kind::Resource;

/// One pattern: `*` stands for any characters, `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePattern(String);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolePatternError {
    #[error("an empty pattern matches no role")]
    Empty,
    #[error("{0:?} names roles of PostgreSQL itself, which nobody can change")]
    OfPostgres(String),
}

impl FromStr for RolePattern {
    type Err = RolePatternError;

    fn from_str(text: &str) -> Result<Self, RolePatternError> {
        match text {
            "" => Err(RolePatternError::Empty),
            text if text.starts_with("pg_") => Err(RolePatternError::OfPostgres(text.to_owned())),
            text => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for RolePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The roles that a target manages; none unless it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedRoles(Vec<RolePattern>);

impl ManagedRoles {
    pub fn new(patterns: Vec<RolePattern>) -> Self {
        Self(patterns)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn patterns(&self) -> impl Iterator<Item = &RolePattern> {
        self.0.iter()
    }

    /// The patterns as `LIKE` takes them.
    pub fn like_patterns(&self) -> impl Iterator<Item = String> {
        let like = |c: char| match c {
            '*' => "%".to_owned(),
            '?' => "_".to_owned(),
            '%' | '_' | '\\' => format!("\\{c}"),
            c => c.to_string(),
        };
        self.0.iter().map(move |RolePattern(glob)| glob.chars().map(like).collect())
    }

    /// Whether the role is the target's to manage. Those of PostgreSQL itself are nobody's.
    pub fn covers(&self, role: &Ident) -> bool {
        let name: Vec<char> = role.as_str().chars().collect();
        let is_own = role.as_str().starts_with("pg_");
        !is_own
            && self.0.iter().any(|RolePattern(glob)| glob_matches(&glob.chars().collect::<Vec<_>>(), &name))
    }

    /// Whether a role, or a membership by one of its sides, is.
    pub fn covers_resource(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Role(role) => self.covers(&role.name),
            Resource::RoleGrant(grant) => self.covers(&grant.role) || self.covers(&grant.member),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_names_and_never_those_of_postgresql() {
        let roles = |patterns: &[&str]| {
            ManagedRoles::new(patterns.iter().map(|pattern| pattern.parse().unwrap()).collect())
        };
        let covers = |patterns: &[&str], name: &str| roles(patterns).covers(&Ident::new(name).unwrap());
        assert!(covers(&["app_*"], "app_rw") && covers(&["x", "app_?"], "app_r"));
        assert!(!covers(&["app_*"], "app") && !covers(&[], "app") && !covers(&["App"], "app"));
        assert!(!covers(&["*"], "pg_monitor"));
        assert_eq!("".parse::<RolePattern>(), Err(RolePatternError::Empty));
        assert!("pg_*".parse::<RolePattern>().is_err());
    }
}
