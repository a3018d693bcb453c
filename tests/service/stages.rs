//! Which version each stage marks.

use serde_json::{Value, json};
use tests::lab::Lab;

/// The stages of a secret's versions, the oldest first.
async fn stages(lab: &Lab) -> Vec<Vec<String>> {
    let versions = lab.get("secrets/demo/versions").await["version_metadatas"].take();
    let versions = versions.as_array().unwrap();
    versions
        .iter()
        .map(|version| serde_json::from_value(version["version_stages"].clone()).unwrap())
        .collect()
}

async fn add(lab: &Lab, stages: Value) -> Value {
    let body = json!({ "secret_string": "x", "version_stages": stages });
    lab.post("secrets/demo/versions", body).await["version_metadata"].take()
}

#[tokio::test]
async fn a_new_version_is_current_and_the_one_before_previous() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    assert_eq!(stages(&lab).await, [vec!["SYSCURRENT"]]);
    lab.add_version("demo", "two").await;
    assert_eq!(
        stages(&lab).await,
        [vec!["SYSPREVIOUS"], vec!["SYSCURRENT"]]
    );
    let third = lab.add_version("demo", "three").await;
    assert_eq!(third["version_stages"], json!(["SYSCURRENT"]));
    assert_eq!(
        stages(&lab).await,
        [vec![], vec!["SYSPREVIOUS"], vec!["SYSCURRENT"]]
    );
}

#[tokio::test]
async fn given_stages_take_the_place_of_current() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let second = add(&lab, json!(["SYSPENDING", "blue"])).await;
    assert_eq!(second["version_stages"], json!(["SYSPENDING", "blue"]));
    assert_eq!(stages(&lab).await[0], ["SYSCURRENT"]);
    add(&lab, json!(["blue", "SYSCURRENT"])).await;
    assert_eq!(
        stages(&lab).await,
        [
            vec!["SYSPREVIOUS"],
            vec!["SYSPENDING"],
            vec!["SYSCURRENT", "blue"]
        ]
    );
}

#[tokio::test]
async fn a_stage_that_is_given_twice_is_refused() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let body = json!({ "secret_string": "x", "version_stages": ["a", "b", "a"] });
    let versions = "secrets/demo/versions";
    let refused = lab.refused("POST", versions, Some(body)).await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    let stage = json!({ "version_id": "v01" });
    let refused = lab
        .refused("PUT", "secrets/demo/stages/a", Some(stage))
        .await;
    assert_eq!(refused, (400, "CSMS.0005".into()));
    assert_eq!(stages(&lab).await, [vec!["SYSCURRENT"]]);
}

#[tokio::test]
async fn previous_goes_where_it_is_told() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    add(&lab, json!(["SYSPREVIOUS", "SYSCURRENT"])).await;
    assert_eq!(
        stages(&lab).await,
        [vec![], vec!["SYSCURRENT", "SYSPREVIOUS"]]
    );
}

#[tokio::test]
async fn a_stage_moves_alone() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    lab.add_version("demo", "two").await;
    lab.pass(std::time::Duration::from_millis(5));
    let answer = lab
        .put(
            "secrets/demo/stages/SYSCURRENT",
            json!({ "version_id": "v1" }),
        )
        .await;
    let expected = json!({
        "name": "SYSCURRENT",
        "secret_name": "demo",
        "version_id": "v1",
        "update_time": lab.now(),
    });
    assert_eq!(answer["stage"], expected);
    assert_eq!(
        lab.get("secrets/demo/stages/SYSCURRENT").await["stage"],
        expected
    );
    assert_eq!(
        stages(&lab).await,
        [vec!["SYSCURRENT", "SYSPREVIOUS"], vec![]]
    );
}

#[tokio::test]
async fn a_new_stage_is_made_and_deleted() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    lab.put(
        "secrets/demo/stages/blue-1_X",
        json!({ "version_id": "v1" }),
    )
    .await;
    assert_eq!(
        lab.get("secrets/demo/stages/blue-1_X").await["stage"]["version_id"],
        "v1"
    );
    lab.delete("secrets/demo/stages/blue-1_X").await;
    for method in ["GET", "DELETE"] {
        let refused = lab
            .refused(method, "secrets/demo/stages/blue-1_X", None)
            .await;
        assert_eq!(refused, (404, "CSMS.0005".into()));
    }
    assert_eq!(stages(&lab).await, [["SYSCURRENT"]]);
}

#[tokio::test]
async fn built_in_stages_stay() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for stage in ["SYSCURRENT", "SYSPREVIOUS"] {
        let refused = lab
            .refused("DELETE", &format!("secrets/demo/stages/{stage}"), None)
            .await;
        assert_eq!(refused, (400, "CSMS.0105".into()));
    }
}

#[tokio::test]
async fn a_stage_marks_only_a_version_that_is_there() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for version in ["v2", "1", "v", "latest", "v99999999999"] {
        let body = Some(json!({ "version_id": version }));
        let refused = lab.refused("PUT", "secrets/demo/stages/blue", body).await;
        assert_eq!(refused, (400, "CSMS.0005".into()), "{version}");
    }
    for stage in ["a.b", "x%20y", &"s".repeat(65)] {
        for (method, body) in [
            ("GET", None),
            ("PUT", Some(json!({ "version_id": "v1" }))),
            ("DELETE", None),
        ] {
            let path = format!("secrets/demo/stages/{stage}");
            let refused = lab.refused(method, &path, body).await;
            assert_eq!(refused, (400, "CSMS.0002".into()), "{method} {stage}");
        }
    }
}

#[tokio::test]
async fn a_secret_has_twelve_stages_at_most() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let version = json!({ "version_id": "v1" });
    for number in 1..12 {
        lab.put(&format!("secrets/demo/stages/s{number}"), version.clone())
            .await;
    }
    let one_more = "secrets/demo/stages/more";
    let refused = lab.refused("PUT", one_more, Some(version.clone())).await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    // A new version would make SYSPREVIOUS the thirteenth.
    for stages in [json!(["SYSCURRENT"]), json!(["more"])] {
        let body = Some(json!({ "secret_string": "x", "version_stages": stages }));
        let refused = lab.refused("POST", "secrets/demo/versions", body).await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{stages}");
    }
    // One that is there can still be moved.
    lab.put("secrets/demo/stages/s1", version.clone()).await;
    lab.delete("secrets/demo/stages/s1").await;
    lab.put(one_more, version).await;
}

#[tokio::test]
async fn a_version_has_one_to_twelve_stages_of_valid_names() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let many: Vec<_> = (0..13).map(|number| format!("s{number}")).collect();
    for stages in [json!([]), json!(many), json!([""]), json!(["a b"])] {
        let body = Some(json!({ "secret_string": "x", "version_stages": stages }));
        let refused = lab.refused("POST", "secrets/demo/versions", body).await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{stages}");
    }
    assert_eq!(stages(&lab).await.len(), 1);
}
