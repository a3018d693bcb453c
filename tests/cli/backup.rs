//! `csms backup` and `csms restore`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::sentinel::assert_hidden;

#[cfg(unix)]
use crate::process::Running;
use crate::process::{Csms, Run, files, names, secret};

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

/// How many were written and how many were unchanged.
fn counts(answer: &Value) -> (u64, u64) {
    let count = |key: &str| answer[key].as_u64().unwrap();
    (count("written"), count("unchanged"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_of_the_state_of_now() {
    let csms = with_secrets(3).await;
    let all = ["backup", "--all", "-o", "b"];
    assert_eq!(counts(&csms.json(&all)), (3, 0));
    assert_eq!(counts(&csms.json(&all)), (0, 3));
    // A file that is not as it was written.
    csms.file("b/s001.csms-backup", "broken");
    assert_eq!(counts(&csms.json(&all)), (1, 2));
    let client = csms.client();
    let call = client.update_secret().secret_name("s002").description("d");
    call.send().await.unwrap();
    let changed = csms.json(&["backup", "s002", "s000", "-o", "b"]);
    assert_eq!(counts(&changed), (1, 1));
    // A new version does not move the update time.
    let before = client.show_secret().secret_name("s000").send().await;
    let call = client.create_secret_version().secret_name("s000");
    call.secret_string("second").send().await.unwrap();
    let after = client.show_secret().secret_name("s000").send().await;
    let time = |answer: csms_api::types::SecretResponseBody| answer.secret.unwrap().update_time;
    assert_eq!(
        time(before.unwrap().into_inner()),
        time(after.unwrap().into_inner())
    );
    assert_eq!(counts(&csms.json(&all)), (1, 2));
    assert_consistent(&csms.folder().join("b"));
    let call = client.delete_secret().secret_name("s000");
    call.send().await.unwrap();
    csms.json(&["restore", "b/s000.csms-backup"]);
    assert_eq!(csms.showing(&["get", "s000"]).stdout, "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_off_run_has_done_is_not_read_again() {
    let csms = with_secrets(4).await;
    let all = ["backup", "--all", "-o", "b", "-v"];
    let run = csms.run(&all);
    let reads = |run: &Run| run.stderr.matches("DownloadSecretBlob ").count();
    assert_eq!((run.code, reads(&run)), (Some(0), 4));
    let path = csms.folder().join("b/manifest.json");
    let mut manifest: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(manifest.get("unfinished"), None);
    // As a run leaves it that ends after three.
    manifest["unfinished"] = Value::from(vec!["s000", "s001", "s002"]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    manifest["unfinished_since"] = Value::from(now - 25 * 60 * 60);
    csms.file("b/manifest.json", manifest.to_string());
    assert_eq!(reads(&csms.run(&["backup", "s000", "-o", "b", "-v"])), 1);
    manifest["unfinished_since"] = Value::from(now - 60 * 60);
    csms.file("b/manifest.json", manifest.to_string());
    // A run over others is none of its business.
    assert_eq!(reads(&csms.run(&["backup", "s003", "-o", "b", "-v"])), 1);
    csms.file("b/s001.csms-backup", "broken");
    let client = csms.client();
    let call = client.update_secret().secret_name("s002").description("d");
    call.send().await.unwrap();
    let run = csms.run(&all);
    assert_eq!((run.code, reads(&run)), (Some(0), 3), "{run:?}");
    // That one came to its end.
    assert_eq!(reads(&csms.run(&all)), 4);
    assert_consistent(&csms.folder().join("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_has_left_is_in_nobodys_way() {
    let csms = with_secrets(1).await;
    fs::create_dir(csms.folder().join("b")).unwrap();
    // In a container, each run has the same process id.
    let own = std::process::id();
    for id in (0..64).chain(own..own + 1000) {
        csms.file(&format!("b/s000.csms-backup.{id}.tmp"), "half");
    }
    assert_eq!(csms.json(&["backup", "--all", "-o", "b"])["written"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_by_name() {
    let csms = with_secrets(1).await;
    let run = csms.run(&["backup", "x3", "x1", "s000", "x2", "-o", "b"]);
    run.assert_failed(1, &[]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["failed"], Value::from(vec!["x1", "x2", "x3"]));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_hides_no_failure() {
    let csms = with_secrets(1).await;
    for arguments in [&["backup", "gone"][..], &["restore", "missing"]] {
        let mut running = Running::start(csms.command(arguments));
        drop(running.stdout());
        let run = running.end();
        let expected = if arguments[0] == "backup" { 1 } else { 2 };
        run.assert_failed(expected, &["error: ", "hint: "]);
    }
    let mut running = Running::start(csms.command(&["backup", "s000"]));
    drop(running.stdout());
    assert_eq!(running.end().code, Some(0));
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
    assert_eq!(run.stderr.matches("b/missing").count(), 1, "{run:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_whole_files_and_the_next_run_goes_on() {
    use crate::process::wait_until;
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
