//! Values of secrets.

use serde_json::{Value, json};
use tests::lab::{Lab, START};

#[tokio::test]
async fn versions_are_numbered_and_read_by_their_ids() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    assert_eq!(lab.add_version("demo", "two").await["id"], "v2");
    for (id, value) in [("v1", "one"), ("v2", "two"), ("latest", "two")] {
        let version = lab.get(&format!("secrets/demo/versions/{id}")).await["version"].take();
        assert_eq!(version["secret_string"], value);
        assert_eq!(version["version_metadata"]["secret_name"], "demo");
        assert_eq!(version["version_metadata"]["create_time"], START);
    }
}

#[tokio::test]
async fn latest_is_the_newest_version_also_when_another_is_current() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    lab.add_version("demo", "two").await;
    lab.put(
        "secrets/demo/stages/SYSCURRENT",
        json!({ "version_id": "v1" }),
    )
    .await;
    let latest = lab.get("secrets/demo/versions/latest").await;
    assert_eq!(latest["version"]["secret_string"], "two");
}

#[tokio::test]
async fn a_version_that_is_not_there_is_404() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for id in [
        "v2",
        "v0",
        "v01",
        "v001",
        "v+1",
        "1",
        "V1",
        "v-1",
        "v99999999999",
        "v",
        "x",
    ] {
        for (method, body) in [("GET", None), ("PUT", Some(json!({ "expire_time": 1 })))] {
            let path = format!("secrets/demo/versions/{id}");
            let refused = lab.refused(method, &path, body).await;
            assert_eq!(refused, (404, "CSMS.0005".into()), "{method} {id}");
        }
    }
}

#[tokio::test]
async fn a_secret_keeps_twenty_versions_and_those_with_stages() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    lab.put("secrets/demo/stages/keep", json!({ "version_id": "v1" }))
        .await;
    for number in 2..=25 {
        let version = lab.add_version("demo", &number.to_string()).await;
        assert_eq!(version["id"], format!("v{number}"));
    }
    let versions = lab.get("secrets/demo/versions").await["version_metadatas"].take();
    let ids: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["id"])
        .collect();
    let mut expected = vec![json!("v1")];
    expected.extend((7..=25).map(|number| json!(format!("v{number}"))));
    assert_eq!(ids, expected.iter().collect::<Vec<&Value>>());
    assert_eq!(
        lab.refused("GET", "secrets/demo/versions/v2", None).await.0,
        404
    );
}

#[tokio::test]
async fn a_version_has_exactly_one_value_within_the_limit() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for body in [
        json!({}),
        json!({ "secret_string": "x", "secret_binary": "AAEC" }),
        json!({ "secret_binary": "no base64" }),
        json!({ "secret_string": "x".repeat(32769) }),
        json!({ "secret_string": "é".repeat(16385) }),
        json!({ "secret_string": "x", "expire_time": -1 }),
        json!({ "secret_string": "x", "expire_time": 10_000_000_000_000_u64 }),
    ] {
        let refused = lab
            .refused("POST", "secrets/demo/versions", Some(body))
            .await;
        assert_eq!(refused, (400, "CSMS.0002".into()));
    }
    let versions = lab.get("secrets/demo/versions").await;
    assert_eq!(versions["page_info"]["current_count"], 1);
}

#[tokio::test]
async fn an_expiry_is_set_with_a_version_or_later() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let body = json!({ "secret_string": "x", "expire_time": START + 5 });
    let version = lab.post("secrets/demo/versions", body).await["version_metadata"].take();
    assert_eq!(version["expire_time"], START + 5);
    let path = "secrets/demo/versions/v1";
    let answer = lab
        .put(path, json!({ "expire_time": 9_999_999_999_999_u64 }))
        .await;
    assert_eq!(
        answer["version_metadata"]["expire_time"],
        9_999_999_999_999_u64
    );
    let read = lab.get(path).await["version"]["version_metadata"].take();
    assert_eq!(read, answer["version_metadata"]);
    let refused = lab
        .refused("PUT", path, Some(json!({ "expire_time": -1 })))
        .await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
}
