//! Rotation, many secrets at once, passwords, and the setting of the strength check.

use serde_json::{Value, json};
use tests::lab::{Lab, START};

async fn value(lab: &Lab, name: &str) -> String {
    let version = lab.get(&format!("secrets/{name}/versions/latest")).await;
    version["version"]["secret_string"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_rotation_is_a_new_current_version_and_a_task() {
    let lab = Lab::start().await;
    let body = json!({
        "name": "demo",
        "secret_string": "hunter2",
        "secret_type": "RDS-FG",
        "auto_rotation": true,
        "rotation_period": "1d",
        "rotation_func_urn": "urn:fss:x",
    });
    lab.post("secrets", body).await;
    lab.pass(std::time::Duration::from_millis(10));
    let answer = lab.ok("POST", "secrets/demo/rotate", None).await;
    assert_eq!(
        (&answer["version_id"], &answer["secret_name"]),
        (&json!("v2"), &json!("demo"))
    );
    assert_eq!(
        lab.get("secrets/demo/stages/SYSCURRENT").await["stage"]["version_id"],
        "v2"
    );
    assert_eq!(
        lab.get("secrets/demo/stages/SYSPREVIOUS").await["stage"]["version_id"],
        "v1"
    );
    assert_eq!(value(&lab, "demo").await.len(), 32);
    let secret = lab.get("secrets/demo").await["secret"].take();
    assert_eq!(secret["rotation_time"], START + 10);
    assert_eq!(
        secret["next_rotation_time"],
        START + 10 + 24 * 60 * 60 * 1000
    );
    let tasks = lab.get("csms/tasks").await;
    let task = json!({
        "attempt_nums": 1,
        "rotation_func_urn": "urn:fss:x",
        "secret_name": "demo",
        "task_id": answer["rotation_task_id"],
        "task_status": "SUCCESS",
        "task_time": START + 10,
    });
    assert_eq!(tasks, json!({ "tasks": [task], "total": 1 }));
}

#[tokio::test]
async fn the_users_of_a_database_get_new_passwords() {
    let lab = Lab::start().await;
    let old = json!({ "users": [{ "name": "root", "password": "hunter2" }], "port": 3306 });
    let body = json!({
        "name": "demo",
        "secret_string": old.to_string(),
        "secret_type": "RDS",
        "rotation_config": "{}",
    });
    lab.post("secrets", body).await;
    lab.ok("POST", "secrets/demo/rotate", None).await;
    let mut new: Value = serde_json::from_str(&value(&lab, "demo").await).unwrap();
    let password = new["users"][0]["password"].take();
    assert_eq!(password.as_str().unwrap().len(), 32);
    new["users"][0]["password"] = json!("hunter2");
    assert_eq!(new, old);
}

#[tokio::test]
async fn a_common_secret_is_not_rotated() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let refused = lab.refused("POST", "secrets/demo/rotate", None).await;
    assert_eq!(refused, (400, "CSMS.0003".into()));
    assert_eq!(value(&lab, "demo").await, "one");
}

#[tokio::test]
async fn tasks_are_filtered() {
    let lab = Lab::start().await;
    for name in ["a", "b"] {
        let body = json!({ "name": name, "secret_string": "x", "secret_type": "RDS-FG" });
        lab.post("secrets", body).await;
        lab.ok("POST", &format!("secrets/{name}/rotate"), None)
            .await;
    }
    let tasks = lab.get("csms/tasks").await["tasks"].take();
    assert_eq!(tasks[0]["secret_name"], "b");
    let id = tasks[1]["task_id"].as_str().unwrap();
    for (query, expected) in [
        ("secret_name=a".to_owned(), json!([tasks[1]])),
        (format!("task_id={id}"), json!([tasks[1]])),
        ("status=SUCCESS".to_owned(), tasks.clone()),
        ("status=FAILED".to_owned(), json!([])),
    ] {
        assert_eq!(
            lab.get(&format!("csms/tasks?{query}")).await["tasks"],
            expected,
            "{query}"
        );
    }
    for query in [
        "status=OTHER".to_owned(),
        format!("task_id={id}&secret_name=a"),
    ] {
        let refused = lab
            .refused("GET", &format!("csms/tasks?{query}"), None)
            .await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{query}");
    }
}

#[tokio::test]
async fn many_values_are_the_current_ones_of_secrets_that_are_there() {
    let lab = Lab::start().await;
    lab.create("a").await;
    lab.add_version("a", "two").await;
    lab.put("secrets/a/stages/SYSCURRENT", json!({ "version_id": "v1" }))
        .await;
    lab.post("secrets", json!({ "name": "b", "secret_binary": "AAEC" }))
        .await;
    let answer = lab
        .post(
            "secrets/batch-get-secret-value",
            json!({ "secret_name_list": ["b", "gone", "a"] }),
        )
        .await;
    assert_eq!(answer["total_count"], 2);
    assert_eq!(answer["versions"][0]["secret_binary"], "AAEC");
    assert_eq!(answer["versions"][1]["secret_string"], "one");
    let metadata = &answer["versions"][1]["version_metadata"];
    assert_eq!(
        (&metadata["secret_name"], &metadata["id"]),
        (&json!("a"), &json!("v1"))
    );
    let many: Vec<_> = (0..21).map(|number| number.to_string()).collect();
    let body = Some(json!({ "secret_name_list": many }));
    let refused = lab
        .refused("POST", "secrets/batch-get-secret-value", body)
        .await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
}

#[tokio::test]
async fn an_import_tells_what_could_not_be_created() {
    let lab = Lab::start().await;
    lab.create("taken").await;
    let secret = |name: &str| json!({ "name": name, "secret_string": "hunter2" });
    let secrets = json!([
        secret("a"),
        secret("taken"),
        secret("b"),
        secret("a"),
        secret("x y")
    ]);
    let answer = lab
        .post("secrets/batch-import", json!({ "secrets": secrets }))
        .await;
    let counts = ["total", "success", "failed"].map(|count| answer[count].as_i64().unwrap());
    assert_eq!(counts, [5, 2, 3]);
    let failed = answer["error_list"].as_array().unwrap();
    let names: Vec<_> = failed
        .iter()
        .map(|failure| failure["name"].clone())
        .collect();
    assert_eq!(names, ["taken", "a", "x y"]);
    assert!(!answer.to_string().contains("hunter2"));
    assert_eq!(lab.get("secrets").await["page_info"]["current_count"], 3);
}

#[tokio::test]
async fn a_password_is_as_it_was_asked_for() {
    let lab = Lab::start().await;
    let password = async |body: Value| {
        let answer = lab.post("csms/generate-password", body).await;
        answer["password"].as_str().unwrap().to_owned()
    };
    assert_eq!(password(json!({})).await.len(), 32);
    assert_ne!(password(json!({})).await, password(json!({})).await);
    let digits = json!({
        "length": 100,
        "exclude_lowercase": true,
        "exclude_uppercase": true,
        "exclude_punctuation": true,
        "exclude_characters": "01",
    });
    let digits = password(digits).await;
    assert_eq!(digits.len(), 100);
    assert!(digits.chars().all(|c| ('2'..='9').contains(&c)), "{digits}");
    for _ in 0..20 {
        let each =
            json!({ "length": 5, "include_space": true, "require_each_included_type": true });
        let each = password(each).await;
        let kinds: [fn(char) -> bool; 5] = [
            |c| c.is_ascii_lowercase(),
            |c| c.is_ascii_uppercase(),
            |c| c.is_ascii_digit(),
            |c| c.is_ascii_punctuation(),
            |c| c == ' ',
        ];
        assert!(
            kinds.iter().all(|is_kind| each.chars().any(is_kind)),
            "{each:?}"
        );
    }
}

#[tokio::test]
async fn a_password_that_cannot_be_is_refused() {
    let lab = Lab::start().await;
    for body in [
        json!({ "length": 0 }),
        json!({ "length": -1 }),
        json!({ "length": 4097 }),
        json!({ "length": 3, "require_each_included_type": true }),
        json!({ "password_policy_name": "policy" }),
        json!({
            "exclude_lowercase": true,
            "exclude_uppercase": true,
            "exclude_punctuation": true,
            "exclude_numbers": true,
        }),
    ] {
        let refused = lab
            .refused("POST", "csms/generate-password", Some(body.clone()))
            .await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{body}");
    }
}

#[tokio::test]
async fn the_strength_check_is_switched() {
    let lab = Lab::start().await;
    let path = "secrets/checker/config";
    let off = json!({ "checking_secret_strength": false });
    let on = json!({ "checking_secret_strength": true });
    assert_eq!(lab.get(path).await, off);
    assert_eq!(lab.post(path, on.clone()).await, on);
    assert_eq!(lab.post(path, json!({})).await, on);
    assert_eq!(lab.get(path).await, on);
}
