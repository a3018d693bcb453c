//! A copy of the project in a temporary folder, to be broken, and the real `cargo xtask` in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use csms_gen::spec::Spec;
use csms_gen::workspace::{CONTRACTS, CORRECTIONS, GENERATED, SPEC, contract_file};
use serde_json::Value;
use tempfile::TempDir;

/// The operations of [`Checkout::small`]: a secret as text, a secret as JSON, and a list with a
/// query, an enumeration and nested objects.
pub const SMALL: [&str; 3] = ["DownloadSecretBlob", "CheckSecrets", "ListSecretEvents"];

/// How long a command may take; the slowest takes a few seconds on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Files by their paths; a folder has a `/` at its end and no bytes.
type Tree = BTreeMap<String, Vec<u8>>;

/// A copy of what the commands need of the project. It goes away with the value.
#[derive(Debug)]
pub struct Checkout {
    folder: TempDir,
}

/// What a command has said.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none if a signal ended the process.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

impl Checkout {
    /// The project as it is.
    pub fn whole() -> Self {
        Self::of(&project())
    }

    /// The project with the operations of [`SMALL`] alone: quick to generate, and without drift.
    pub fn small() -> Self {
        static TREE: OnceLock<Tree> = OnceLock::new();
        Self::of(TREE.get_or_init(|| {
            let checkout = Self::of(&reduced(project(), &SMALL));
            let run = checkout.xtask(&["generate"]);
            assert_eq!(run.code, Some(0), "{run}");
            checkout.tree()
        }))
    }

    fn of(tree: &Tree) -> Self {
        let checkout = Self {
            folder: TempDir::new().unwrap(),
        };
        for (file, bytes) in tree {
            checkout.write(file, bytes);
        }
        checkout
    }

    /// The path of a file in the copy.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// The content of a JSON file.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap()
    }

    /// Writes a file, or makes a folder if the name ends in `/`.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// Removes a file.
    pub fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap();
    }

    /// Changes a text file; the change must be one.
    pub fn edit_text(&self, file: &str, edit: impl FnOnce(&str) -> String) {
        let before = self.text(file);
        let after = edit(&before);
        assert_ne!(before, after, "{file}");
        self.write(file, after);
    }

    /// Makes changes in a JSON file.
    pub fn edit(&self, file: &str, edit: &Edit) {
        let mut value = self.json(file);
        edit.apply(&mut value);
        self.write(file, format!("{value:#}\n"));
    }

    /// Every file and folder of the copy.
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        collect(self.folder.path(), "", &mut tree);
        tree
    }

    /// The names of the files and folders that differ from `before`.
    pub fn changed_since(&self, before: &Tree) -> Vec<String> {
        let after = self.tree();
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        names
            .into_iter()
            .filter(|name| before.get(*name) != after.get(*name))
            .cloned()
            .collect()
    }

    /// Runs `cargo xtask` in the copy.
    pub fn xtask(&self, arguments: &[&str]) -> Run {
        xtask(self.folder.path(), arguments)
    }

    /// Runs a command that must refuse: exit code 1, no panic, nothing written, and each of
    /// `findings` within a line on standard error. Tells what was not so.
    pub fn refuses(&self, arguments: &[&str], findings: &[impl AsRef<str>]) -> Result<(), String> {
        let before = self.tree();
        let run = self.xtask(arguments);
        let written = self.changed_since(&before);
        let findings = findings.iter().map(AsRef::as_ref);
        let missing: Vec<&str> = findings.filter(|finding| !run.has_error(finding)).collect();
        let refused = run.code == Some(1) && !run.panicked() && written.is_empty();
        if refused && missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "not reported: {missing:#?}, written: {written:?}, {run}"
        ))
    }

    /// Asserts that a command [refuses](Self::refuses).
    #[track_caller]
    pub fn assert_refuses(&self, arguments: &[&str], findings: &[&str]) {
        assert_all([self.refuses(arguments, findings)]);
    }
}

/// Asserts that nothing failed, and tells all failures at once.
#[track_caller]
pub fn assert_all(results: impl IntoIterator<Item = Result<(), String>>) {
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Makes each edit of a part of a file in a [small](Checkout::small) copy of its own. A command
/// must [refuse](Checkout::refuses) each copy with a line that has `start` and the finding.
#[track_caller]
pub fn assert_refuses_each<'a>(
    arguments: &[&str],
    (file, part): (&str, &str),
    start: &str,
    cases: impl IntoIterator<Item = (Edit, &'a str)>,
) {
    assert_all(cases.into_iter().map(|(edit, finding)| {
        let checkout = Checkout::small();
        checkout.edit(file, &edit.clone().within(part));
        let refused = checkout.refuses(arguments, &[format!("{start}{finding}")]);
        refused.map_err(|failure| format!("{edit:?}: {failure}"))
    }));
}

impl Run {
    /// Whether a line on standard error has this text.
    pub fn has_error(&self, text: &str) -> bool {
        self.stderr.lines().any(|line| line.contains(text))
    }

    /// Whether a panic or its like reached the user.
    pub fn panicked(&self) -> bool {
        ["panicked at", "RUST_BACKTRACE", "overflowed its stack"]
            .iter()
            .any(|words| self.stderr.contains(words))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit code: {:?}\n{}{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// Changes at JSON pointers, one after the other.
#[derive(Debug, Clone)]
pub struct Edit(Vec<(String, Change)>);

#[derive(Debug, Clone)]
enum Change {
    Set(Value),
    Remove,
    Rename(String),
}

/// Sets a value, or appends it to an array where the pointer ends in `-`.
pub fn set(pointer: impl Into<String>, value: impl Into<Value>) -> Edit {
    Edit(vec![(pointer.into(), Change::Set(value.into()))])
}

/// Removes a value, which must be there.
pub fn remove(pointer: impl Into<String>) -> Edit {
    Edit(vec![(pointer.into(), Change::Remove)])
}

/// Gives a value another key in the same object, which must be free.
pub fn rename(pointer: impl Into<String>, key: impl Into<String>) -> Edit {
    Edit(vec![(pointer.into(), Change::Rename(key.into()))])
}

impl Edit {
    /// This edit, and then another one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same edit of a part of a document.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        for (pointer, _) in &mut self.0 {
            pointer.insert_str(0, part);
        }
        self
    }

    /// Makes the changes.
    pub fn apply(&self, document: &mut Value) {
        for (pointer, change) in &self.0 {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let key = key.replace("~1", "/").replace("~0", "~");
            let parent = document.pointer_mut(parent);
            change.apply(parent.unwrap_or_else(|| panic!("no place {pointer}")), key);
        }
    }
}

impl Change {
    fn apply(&self, parent: &mut Value, key: String) {
        match (self, parent) {
            (Self::Set(value), Value::Object(map)) => {
                let before = map.insert(key, value.clone());
                assert_ne!(before.as_ref(), Some(value), "set to what it was");
            }
            (Self::Set(value), Value::Array(list)) if key == "-" => list.push(value.clone()),
            (Self::Set(value), Value::Array(list)) => {
                list[key.parse::<usize>().unwrap()] = value.clone();
            }
            (Self::Remove, Value::Object(map)) => {
                assert!(map.shift_remove(&key).is_some(), "{key}")
            }
            (Self::Remove, Value::Array(list)) => drop(list.remove(key.parse().unwrap())),
            (Self::Rename(new), Value::Object(map)) => {
                let value = map.shift_remove(&key).unwrap();
                assert!(map.insert(new.clone(), value).is_none(), "{new} is taken");
            }
            (_, parent) => panic!("{key} of {parent}"),
        }
    }
}

/// Runs `cargo xtask` in a folder. A run that does not end is ended, and has no exit code then.
pub fn xtask(folder: &Path, arguments: &[&str]) -> Run {
    let (mut stdout, mut stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .stdout(stdout.try_clone().unwrap())
        .stderr(stderr.try_clone().unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > TIME_LIMIT {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(1));
    };
    Run {
        code: status.code(),
        stdout: written_text(&mut stdout),
        stderr: written_text(&mut stderr),
    }
}

fn written_text(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// The built `xtask`. Cargo names only a package's own binaries to its tests, so it is asked.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--package", "xtask", "--message-format", "json"])
            .current_dir(root())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let executable = stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "xtask")
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
        executable.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    })
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn project() -> Tree {
    let mut tree = Tree::new();
    tree.insert(
        "Cargo.toml".to_owned(),
        fs::read(root().join("Cargo.toml")).unwrap(),
    );
    for folder in ["openapi/", &format!("{GENERATED}/")] {
        collect(&root().join(folder), folder, &mut tree);
    }
    tree
}

fn collect(folder: &Path, prefix: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            let name = format!("{name}/");
            collect(&entry.path(), &name, tree);
            tree.insert(name, Vec::new());
        } else {
            tree.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// The project with these operations only, and with what they need.
fn reduced(mut tree: Tree, operations: &[&str]) -> Tree {
    let is_kept = |id: &Value| id.as_str().is_some_and(|id| operations.contains(&id));
    let mut spec = Spec {
        file: SPEC.to_owned(),
        value: json_of(&tree, SPEC),
    };
    let paths = spec.value["paths"].as_object_mut().unwrap();
    paths.retain(|_, item| {
        let item = item.as_object_mut().unwrap();
        item.retain(|_, operation| operation.get("operationId").is_none_or(is_kept));
        item.values()
            .any(|operation| operation.get("operationId").is_some())
    });
    let needed = spec.reachable([&spec.value["paths"]].into_iter());
    let schemas = spec.value["components"]["schemas"].as_object_mut().unwrap();
    schemas.retain(|name, _| needed.contains(name));

    let mut corrections = json_of(&tree, CORRECTIONS);
    corrections
        .as_array_mut()
        .unwrap()
        .retain_mut(|correction| {
            let operations = correction["operations"].as_array_mut().unwrap();
            operations.retain(is_kept);
            let is_needed = !operations.is_empty();
            let pointers = correction["pointers"].as_array_mut().unwrap();
            pointers.retain(|pointer| is_within(&spec.value, pointer.as_str().unwrap()));
            is_needed
        });

    let contracts: Vec<String> = operations.iter().map(|id| contract_file(id)).collect();
    tree.retain(|file, _| !file.starts_with(CONTRACTS) || contracts.contains(file));
    tree.insert(SPEC.to_owned(), spec.text().into_bytes());
    tree.insert(
        CORRECTIONS.to_owned(),
        format!("{corrections:#}\n").into_bytes(),
    );
    tree
}

/// Whether the schema or the operation that the pointer leads into is there.
fn is_within(spec: &Value, pointer: &str) -> bool {
    let owner: Vec<&str> = pointer.split('/').take(4).collect();
    spec.pointer(&owner.join("/")).is_some()
}

fn json_of(tree: &Tree, file: &str) -> Value {
    serde_json::from_slice(&tree[file]).unwrap()
}
