//! `csms backup` and `csms restore`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::sentinel::assert_hidden;

use crate::process::{Csms, files, names, secret};

const END: &str = ".csms-backup";

/// The digests that the manifest of a folder has, by file.
fn manifest(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert_hidden("the manifest", &text);
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let entries = manifest["secrets"].as_array().unwrap().iter();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    entries
        .inspect(|entry| assert!(entry["update_time"].is_i64(), "{entry}"))
        .map(|entry| (text(entry, "file"), text(entry, "sha256")))
        .collect()
}

/// Fails unless the manifest lists exactly the files of backups, each with its digest.
fn assert_consistent(folder: &Path) {
    let found: BTreeMap<String, String> = files(folder, END)
        .into_iter()
        .map(|file| {
            let digest = Sha256::digest(fs::read(&file).unwrap());
            let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            (file.file_name().unwrap().to_str().unwrap().to_owned(), hex)
        })
        .collect();
    assert_eq!(found, manifest(folder));
}

async fn with_secrets(count: usize) -> Csms {
    let csms = Csms::start().await;
    for i in 0..count {
        csms.create(&format!("s{i:03}"), &secret()).await;
    }
    csms
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_becomes_a_private_file() {
    let csms = with_secrets(3).await;
    let folder = csms.folder().join("new/folder");
    let run = csms.run(&["backup", "s000", "s001", "-o", "new/folder"]);
    let answer = run.json();
    assert_eq!(
        (&answer["written"], &answer["unchanged"]),
        (&2.into(), &0.into())
    );
    let expected = ["manifest.json", "s000.csms-backup", "s001.csms-backup"];
    assert_eq!(names(&folder), expected);
    assert_consistent(&folder);
    #[cfg(unix)]
    for file in files(&folder, "") {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_not_read_again() {
    let csms = with_secrets(3).await;
    let all = ["backup", "--all", "-o", "b"];
    assert_eq!(csms.json(&all)["written"], 3);
    let again = csms.json(&all);
    assert_eq!(
        (&again["written"], &again["unchanged"]),
        (&0.into(), &3.into())
    );
    // A file that is not as it was written.
    csms.file("b/s001.csms-backup", "broken");
    let mended = csms.json(&all);
    assert_eq!(
        (&mended["written"], &mended["unchanged"]),
        (&1.into(), &2.into())
    );
    let client = csms.client();
    let call = client.update_secret().secret_name("s002").description("d");
    call.send().await.unwrap();
    let changed = csms.json(&["backup", "s002", "s000", "-o", "b"]);
    assert_eq!(
        (&changed["written"], &changed["unchanged"]),
        (&1.into(), &1.into())
    );
    assert_consistent(&csms.folder().join("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_does_not_stop_the_others() {
    let csms = with_secrets(2).await;
    let run = csms.run(&["backup", "s000", "gone", "s001", "-o", "b"]);
    run.assert_failed(1, &["error: gone: ShowSecret: 404 CSMS.0101: ", "hint: "]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["written"], 2);
    assert_eq!(answer["failed"], Value::from(vec!["gone"]));
    assert_consistent(&csms.folder().join("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_project_is_refused() {
    let csms = with_secrets(1).await;
    fs::create_dir(csms.folder().join("b")).unwrap();
    let of_another = r#"{"project_id": "another", "secrets": []}"#;
    csms.file("b/manifest.json", of_another);
    let run = csms.run(&["backup", "--all", "-o", "b"]);
    run.assert_failed(2, &["is of project another", "-o DIR"]);
    csms.file("b/manifest.json", "[");
    let run = csms.run(&["backup", "--all", "-o", "b"]);
    run.assert_failed(2, &["is no manifest", "move it away"]);
    assert_eq!(names(&csms.folder().join("b")), ["manifest.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored() {
    let csms = with_secrets(2).await;
    csms.json(&["backup", "--all", "-o", "b"]);
    let client = csms.client();
    for name in ["s000", "s001"] {
        client
            .delete_secret()
            .secret_name(name)
            .send()
            .await
            .unwrap();
    }
    let file = |name: &str| format!("b/{name}.csms-backup");
    let run = csms.run(&["restore", &file("s000"), "b/manifest.json"]);
    run.assert_failed(2, &["b/manifest.json is a list of backups"]);
    let restored = csms.json(&["restore", &file("s000"), &file("s001")]);
    assert_eq!(restored["restored"][1]["name"], "s001");
    let value = client.get_secret_value("s001").await.unwrap();
    assert_eq!(value.text(), Some(&*secret()));
    csms.file("b/odd", "no backup");
    let run = csms.run(&["restore", "b/odd", "b/missing"]);
    run.assert_failed(
        1,
        &["b/odd: UploadSecretBlob: 400", "b/missing: can't be read"],
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_whole_files_and_the_next_run_goes_on() {
    use crate::process::{Running, wait_until};
    use rustix::process::Signal;

    let csms = with_secrets(500).await;
    let folder = csms.folder().join("b");
    let all = ["backup", "--all", "-o", "b"];
    let running = Running::start(csms.command(&all));
    wait_until("there are files", || files(&folder, END).len() > 8);
    running.signal(Signal::INT);
    let run = running.end();
    let done = files(&folder, END).len();
    assert!(done < 500, "it was done before it was asked to end");
    let said = format!("{done} of 500 backed up; run the same command again to go on\n");
    assert_eq!((run.code, run.stderr), (Some(130), said));
    assert_eq!(run.stdout, "");
    // Nothing but the files and the manifest.
    assert_eq!(names(&folder).len(), done + 1);
    assert_consistent(&folder);

    let answer = csms.json(&all);
    assert_eq!(answer["unchanged"], done);
    assert_eq!(answer["written"], 500 - done);
    assert_eq!(files(&folder, END).len(), 500);
    assert_consistent(&folder);
}
