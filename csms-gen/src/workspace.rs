//! Where the links of the chain lie on disk, and how files are replaced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::contract::Contract;
use crate::problem::Problem;
use crate::spec::Spec;
use crate::spec::corrections::Corrections;

/// The source of truth.
pub const SPEC: &str = "openapi/csms.json";
/// One file per operation.
pub const CONTRACTS: &str = "openapi/contracts";
/// Decisions against pages.
pub const CORRECTIONS: &str = "openapi/corrections.json";
/// Generated code, and nothing else.
pub const GENERATED: &str = "csms-api/src/generated";

/// A checkout of the project.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

/// A stored contract and its file.
#[derive(Debug, Clone)]
pub struct StoredContract {
    /// The file, relative to the workspace.
    pub file: String,
    /// Its content.
    pub contract: Contract,
}

impl Workspace {
    /// The workspace that `folder` lies in: the nearest one above whose manifest has `[workspace]`.
    pub fn around(folder: &Path) -> Result<Self, Problem> {
        let is_root = |folder: &&Path| {
            fs::read_to_string(folder.join("Cargo.toml"))
                .is_ok_and(|manifest| manifest.contains("[workspace]"))
        };
        match folder.ancestors().find(is_root) {
            Some(root) => Ok(Self {
                root: root.to_owned(),
            }),
            None => Err(Problem::new(
                folder.display().to_string(),
                "no Cargo workspace here or above; run this within the project",
            )),
        }
    }

    /// The absolute path of a file that is named relative to the workspace.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Reads a text file of the workspace.
    pub fn read(&self, file: &str) -> Result<String, Problem> {
        fs::read_to_string(self.path(file)).map_err(|error| {
            Problem::new(file, format!("can't be read: {error}; restore the file"))
        })
    }

    /// Reads the spec.
    pub fn spec(&self) -> Result<Spec, Problem> {
        Spec::parse(SPEC, &self.read(SPEC)?)
    }

    /// Reads the corrections.
    pub fn corrections(&self) -> Result<Corrections, Problem> {
        Corrections::parse(CORRECTIONS, &self.read(CORRECTIONS)?)
    }

    /// Reads all contracts, by file name; what can't be read is a problem of its own.
    pub fn contracts(&self) -> (Vec<StoredContract>, Vec<Problem>) {
        let names = match file_names(&self.path(CONTRACTS)) {
            Ok(names) => names,
            Err(error) => {
                let message = format!("can't be listed: {error}; restore the folder");
                return (Vec::new(), vec![Problem::new(CONTRACTS, message)]);
            }
        };
        let mut contracts = Vec::new();
        let mut problems = Vec::new();
        for name in names {
            match self.contract(&format!("{CONTRACTS}/{name}")) {
                Ok(contract) => contracts.push(contract),
                Err(problem) => problems.push(problem),
            }
        }
        (contracts, problems)
    }

    fn contract(&self, file: &str) -> Result<StoredContract, Problem> {
        let text = self.read(file)?;
        let contract: Contract = serde_json::from_str(&text).map_err(|error| {
            let message = format!("not a contract: {error}; import its page again");
            Problem::new(file, message).at_line(error.line())
        })?;
        let expected = contract.operation_id.as_deref().map(contract_file);
        if expected.as_deref() != Some(file) {
            let message = format!(
                "a contract's file must be named after its operation_id, here {}",
                contract.operation_id.as_deref().unwrap_or("null")
            );
            return Err(Problem::new(file, message));
        }
        Ok(StoredContract {
            file: file.to_owned(),
            contract,
        })
    }

    /// Replaces files, all or none of them: each is written beside its target first.
    pub fn replace(&self, files: &[(String, String)]) -> Result<(), Problem> {
        let mut prepared = Vec::new();
        let replaced = self
            .prepare(files, &mut prepared)
            .and_then(|()| rename(&prepared));
        if replaced.is_err() {
            for (temporary, _, _) in &prepared {
                // Those that were renamed are gone, which is as it should be.
                drop(fs::remove_file(temporary));
            }
        }
        replaced
    }

    fn prepare<'a>(
        &self,
        files: &'a [(String, String)],
        prepared: &mut Vec<(PathBuf, PathBuf, &'a str)>,
    ) -> Result<(), Problem> {
        for (file, text) in files {
            let target = self.path(file);
            // A rename onto a folder fails, and others would be renamed by then.
            if target.is_dir() {
                let message = "can't be replaced: it is a folder; move it away";
                return Err(Problem::new(file, message));
            }
            let temporary = temporary_path(&target);
            let result = target
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&temporary, text));
            prepared.push((temporary, target, file.as_str()));
            result.map_err(|error| Problem::new(file, format!("can't be written: {error}")))?;
        }
        Ok(())
    }
}

fn rename(prepared: &[(PathBuf, PathBuf, &str)]) -> Result<(), Problem> {
    prepared.iter().try_for_each(|(temporary, target, file)| {
        fs::rename(temporary, target)
            .map_err(|error| Problem::new(*file, format!("can't be replaced: {error}")))
    })
}

/// The file of an operation's contract.
pub fn contract_file(operation_id: &str) -> String {
    format!("{CONTRACTS}/{operation_id}.json")
}

/// All names in a folder, sorted; folders too, with a `/` at the end.
pub fn file_names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn temporary_path(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    target.with_file_name(name)
}
