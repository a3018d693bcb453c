//! Tags, and what is found by them.

use serde_json::{Value, json};
use tests::lab::Lab;

const SEARCH: &str = "csms/resource_instances/action";

async fn create(lab: &Lab, name: &str) -> String {
    let secret = lab.create(name).await;
    format!("csms/{}/tags", secret["id"].as_str().unwrap())
}

async fn tagged(lab: &Lab, name: &str, tags: Value) -> String {
    let path = create(lab, name).await;
    let body = json!({ "action": "create", "tags": tags });
    lab.post(&format!("{path}/action"), body).await;
    path
}

fn tag(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

#[tokio::test]
async fn a_tag_is_added_replaced_listed_and_removed() {
    let lab = Lab::start().await;
    let path = create(&lab, "demo").await;
    assert_eq!(lab.get(&path).await, json!({}));
    for value in ["one", "two"] {
        let answer = lab
            .post(&path, json!({ "tag": tag("团队 a", value) }))
            .await;
        assert_eq!(answer, Value::Null);
    }
    lab.post(&path, json!({ "tag": { "key": "no value" } }))
        .await;
    let tags = lab.get(&path).await["tags"].take();
    assert_eq!(tags, json!([tag("no value", ""), tag("团队 a", "two")]));
    lab.delete(&format!("{path}/%E5%9B%A2%E9%98%9F%20a")).await;
    lab.delete(&format!("{path}/no%20value")).await;
    assert_eq!(lab.get(&path).await, json!({}));
    let refused = lab.refused("DELETE", &format!("{path}/gone"), None).await;
    assert_eq!(refused, (404, "CSMS.0005".into()));
}

#[tokio::test]
async fn tags_that_are_not_as_documented_are_refused() {
    let lab = Lab::start().await;
    let path = create(&lab, "demo").await;
    let long = "k".repeat(129);
    for (key, value) in [
        ("", "v"),
        (" k", "v"),
        ("k ", "v"),
        ("_sys_k", "v"),
        ("a/b", "v"),
        ("a,b", "v"),
        (&long, "v"),
        ("k", "a,b"),
        ("k", &"v".repeat(256)),
    ] {
        let refused = lab
            .refused("POST", &path, Some(json!({ "tag": tag(key, value) })))
            .await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{key} {value}");
    }
    for body in [
        json!({}),
        json!({ "tag": {} }),
        json!({ "tag": { "value": "v" } }),
    ] {
        let refused = lab.refused("POST", &path, Some(body)).await;
        assert_eq!(refused, (400, "CSMS.0004".into()));
    }
    lab.post(&path, json!({ "tag": tag("a.:=+-@_1", &"/".repeat(255)) }))
        .await;
}

#[tokio::test]
async fn a_secret_has_twenty_tags_at_most() {
    let lab = Lab::start().await;
    let many = |count: i32| {
        (0..count)
            .map(|n| tag(&format!("k{n}"), "v"))
            .collect::<Value>()
    };
    let path = tagged(&lab, "demo", many(20)).await;
    let one_more = json!({ "tag": tag("more", "v") });
    let refused = lab.refused("POST", &path, Some(one_more.clone())).await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    lab.post(&path, json!({ "tag": tag("k1", "other") })).await;
    let batch = format!("{path}/action");
    for (action, tags) in [
        ("create", json!([tag("k0", "v"), tag("more", "v")])),
        ("create", json!([tag("k0", "v"), tag("k0", "v")])),
        ("create", json!([])),
        ("delete", many(21)),
        ("other", json!([tag("k0", "v")])),
    ] {
        let body = json!({ "action": action, "tags": tags });
        let refused = lab.refused("POST", &batch, Some(body)).await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{action}");
    }
    let body = json!({ "action": "delete", "tags": [tag("k0", "v"), { "key": "gone" }] });
    lab.post(&batch, body).await;
    lab.post(&path, one_more).await;
    let tags = lab.get(&path).await["tags"].take();
    assert_eq!(tags.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn all_of_some_tags_are_added_or_none() {
    let lab = Lab::start().await;
    let path = create(&lab, "demo").await;
    let body = json!({ "action": "create", "tags": [tag("a", "v"), tag("_sys_b", "v")] });
    let refused = lab
        .refused("POST", &format!("{path}/action"), Some(body))
        .await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    assert_eq!(lab.get(&path).await, json!({}));
}

#[tokio::test]
async fn tags_are_found_by_the_id_of_a_secret_alone() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let unknown = "x".repeat(36);
    for (id, expected) in [("demo", (400, "CSMS.0002")), (&unknown, (404, "CSMS.0101"))] {
        for (method, path, body) in [
            ("GET", format!("csms/{id}/tags"), None),
            (
                "POST",
                format!("csms/{id}/tags"),
                Some(json!({ "tag": tag("k", "v") })),
            ),
            ("DELETE", format!("csms/{id}/tags/k"), None),
            (
                "POST",
                format!("csms/{id}/tags/action"),
                Some(json!({ "action": "create", "tags": [tag("k", "v")] })),
            ),
        ] {
            let answer = lab.call(method, &path, body).await;
            assert_eq!(answer.refusal(), expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_tags_of_a_project_are_listed_by_key() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("csms/tags").await, json!({}));
    tagged(&lab, "a", json!([tag("team", "x"), tag("stage", "y")])).await;
    tagged(&lab, "b", json!([tag("team", "w"), tag("stage", "y")])).await;
    let expected = json!([
        { "key": "stage", "values": ["y"] },
        { "key": "team", "values": ["w", "x"] },
    ]);
    assert_eq!(lab.get("csms/tags").await["tags"], expected);
}

#[tokio::test]
async fn the_tags_of_a_project_stay_within_the_documented_limits() {
    let lab = Lab::start().await;
    for number in 0..25 {
        let tags = json!([
            tag("same", &number.to_string()),
            tag(&format!("k{number}"), "")
        ]);
        tagged(&lab, &format!("s{number}"), tags).await;
    }
    let tags = lab.get("csms/tags").await["tags"].take();
    assert_eq!(tags.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn secrets_are_found_by_tags_and_names() {
    let lab = Lab::start().await;
    tagged(
        &lab,
        "db-one",
        json!([tag("team", "x"), tag("env", "test")]),
    )
    .await;
    tagged(
        &lab,
        "db-two",
        json!([tag("team", "y"), tag("env", "live")]),
    )
    .await;
    lab.create("web").await;
    for (conditions, expected) in [
        (json!({}), vec!["db-one", "db-two", "web"]),
        (
            json!({ "tags": [{ "key": "team", "values": ["x"] }] }),
            vec!["db-one"],
        ),
        (
            json!({ "tags": [{ "key": "team", "values": ["x", "y"] }] }),
            vec!["db-one", "db-two"],
        ),
        (
            json!({ "tags": [{ "key": "team", "values": [] }] }),
            vec!["db-one", "db-two"],
        ),
        (
            json!({ "tags": [{ "key": "team" }, { "key": "env", "values": ["live"] }] }),
            vec!["db-two"],
        ),
        (json!({ "tags": [{ "key": "gone" }] }), vec![]),
        (
            json!({ "matches": [{ "key": "resource_name", "value": "o" }] }),
            vec!["db-one", "db-two"],
        ),
        (
            json!({ "matches": [{ "key": "resource_name", "value": "" }] }),
            vec![],
        ),
        (
            json!({
                "tags": [{ "key": "team" }],
                "matches": [{ "key": "resource_name", "value": "two" }],
            }),
            vec!["db-two"],
        ),
    ] {
        let mut body = conditions.clone();
        body["action"] = json!("filter");
        let found = lab.post(SEARCH, body.clone()).await;
        let resources = found["resources"].as_array().unwrap();
        let names: Vec<_> = resources
            .iter()
            .map(|r| r["resource_name"].clone())
            .collect();
        assert_eq!(names, expected, "{conditions}");
        body["action"] = json!("count");
        assert_eq!(
            lab.post(SEARCH, body).await,
            json!({ "total_count": expected.len() })
        );
    }
}

#[tokio::test]
async fn what_is_found_is_told_in_full() {
    let lab = Lab::start().await;
    tagged(&lab, "demo", json!([tag("team", "x")])).await;
    let secret = lab.get("secrets/demo").await["secret"].take();
    let found = lab.post(SEARCH, json!({ "action": "filter" })).await;
    let expected = json!({
        "resource_id": secret["id"],
        "resource_name": "demo",
        "resource_detail": secret,
        "tags": [tag("team", "x")],
    });
    assert_eq!(found["resources"], json!([expected]));
}

#[tokio::test]
async fn searches_that_are_not_valid_are_refused() {
    let lab = Lab::start().await;
    let tags: Vec<_> = (0..11).map(|n| json!({ "key": n.to_string() })).collect();
    let values: Vec<_> = (0..11).map(|n| n.to_string()).collect();
    for body in [
        json!({ "action": "other" }),
        json!({ "action": "filter", "tags": tags }),
        json!({ "action": "filter", "tags": [{}] }),
        json!({ "action": "filter", "tags": [{ "key": "k", "values": values }] }),
        json!({ "action": "filter", "matches": [{ "key": "other", "value": "x" }] }),
        json!({ "action": "filter", "sequence": "x".repeat(37) }),
    ] {
        let refused = lab.refused("POST", SEARCH, Some(body.clone())).await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{body}");
    }
    let refused = lab.refused("POST", SEARCH, Some(json!({}))).await;
    assert_eq!(refused, (400, "CSMS.0004".into()));
}
