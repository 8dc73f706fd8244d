//! Where the declarations come from: linked into this program, exported to a file, or asked of the package that has
//! the models.

use std::path::Path;
use std::process::{Command, Stdio};

use djogi_core::declared::{CATALOG_FORMAT, Declarations};
use djogi_core::model::{DescriptorProvider, LinkedModels, LowerError, lower, models, objects};
use djogi_core::{Digest, Ident};

use crate::Program;
use crate::config::{ModelSource, Project};
use crate::diagnostic::{CliError, Diagnostic, Location};

/// Declarations, and the digest of the text that they were read from, or else of themselves.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) declarations: Declarations,
    pub(crate) digest: Digest,
}

impl From<Declarations> for Loaded {
    fn from(declarations: Declarations) -> Self {
        Self { digest: declarations.digest(), declarations }
    }
}

/// Everything that the project declares. Models without a target of their own belong to `default_target`.
///
/// # Errors
/// When models contradict each other, or their file or package cannot be read.
pub(crate) fn load(program: &Program, project: &Project, default_target: &Ident) -> Result<Loaded, CliError> {
    match &project.config.models {
        Some(ModelSource::Catalog(file)) => read(&project.root.join(file)),
        Some(ModelSource::Package(package)) if program.package != Some(package.as_str()) => {
            ask(package, &project.root)
        }
        Some(ModelSource::Package(_)) | None if program.package.is_some() => {
            linked(program, default_target).map(Loaded::from)
        }
        Some(ModelSource::Package(_)) | None => Ok(Declarations::default().into()),
    }
}

/// Whether reading the models may first build them, which takes its time.
pub(crate) fn are_built(program: &Program, project: &Project) -> bool {
    matches!(&project.config.models, Some(ModelSource::Package(package)) if program.package != Some(package))
}

/// The models and other declarations that are linked into this program, and those of its providers.
///
/// # Errors
/// Every contradiction in or between the models.
pub(crate) fn linked(program: &Program, default_target: &Ident) -> Result<Declarations, CliError> {
    let mut providers: Vec<&dyn DescriptorProvider> = vec![&LinkedModels];
    providers.extend(program.providers.iter().map(|provider| *provider as &dyn DescriptorProvider));
    let wrong = |error: &LowerError| Diagnostic::error("model_invalid", error.to_string());
    lower(&models(&providers), &objects(&providers), default_target)
        .map_err(|errors| errors.iter().map(wrong).collect::<Vec<_>>().into())
}

fn read(file: &Path) -> Result<Loaded, CliError> {
    let name = file.display().to_string();
    let text = std::fs::read(file).map_err(|error| {
        Diagnostic::error("catalog_unreadable", format!("cannot read the exported models: {error}"))
            .file(&name)
            .help("`cargo run -p <package> -- catalog --out catalog.json` exports them")
    })?;
    parse(&text, &name)
}

fn parse(text: &[u8], name: &str) -> Result<Loaded, CliError> {
    let declarations: Declarations = serde_json::from_slice(text).map_err(|error| {
        let location = Location {
            file: name.to_owned(),
            line: Some(error.line()),
            column: Some(error.column()),
            snippet: None,
        };
        Diagnostic::error("catalog_invalid", format!("these are no exported models: {error}"))
            .location(location)
            .help("export them again with the same version of djogi")
    })?;
    if declarations.format == CATALOG_FORMAT {
        return Ok(Loaded { declarations, digest: Digest::of_bytes(text) });
    }
    let message = format!("the format is {:?}; this djogi reads {CATALOG_FORMAT:?}", declarations.format);
    Err(Diagnostic::error("catalog_format", message).file(name).help("use one version of djogi").into())
}

/// Runs the binary of `package`, which has the models, for its `catalog` command.
fn ask(package: &str, root: &Path) -> Result<Loaded, CliError> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "--package", package, "--", "catalog"]).current_dir(root);
    let failed = |reason: String| {
        Diagnostic::error(
            "models_unavailable",
            format!("cannot ask package `{package}` for its models: {reason}"),
        )
        .help(
            "its binary must be `djogi_cli::djogi_main!();`; or export the models to a file \
                 (`cargo run -- catalog --out catalog.json`) and set [models] catalog = \"catalog.json\"",
        )
    };
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| failed(format!("cargo does not start: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("cargo ended with {}", output.status)).note(said.trim_end()).into());
    }
    parse(&output.stdout, &format!("output of `cargo run -p {package} -- catalog`"))
}
