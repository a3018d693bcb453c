//! Lists to their end.

use serde_json::{Value, json};
use tests::lab::Lab;

const SIZES: [usize; 6] = [1, 2, 3, 6, 7, 1000];

/// What every page holds under a key, from the first to the last.
async fn pages(lab: &Lab, path: &str, items: &str, next: &str, size: usize) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut marker = String::new();
    loop {
        let answer = lab
            .get(&format!("{path}?limit={size}&marker={marker}"))
            .await;
        let page = answer[items].as_array().unwrap().clone();
        if let Some(info) = answer.get("page_info") {
            assert_eq!(info["current_count"], page.len());
        }
        pages.push(page);
        match answer.pointer(next) {
            Some(next) => marker = next.as_str().unwrap().to_owned(),
            None => return pages,
        }
    }
}

async fn check(lab: &Lab, path: &str, items: &str, next: &str, count: usize) {
    let whole = pages(lab, path, items, next, 1000).await.concat();
    assert_eq!(whole.len(), count);
    for size in SIZES {
        let pages = pages(lab, path, items, next, size).await;
        assert_eq!(pages.len(), count.div_ceil(size), "{path} by {size}");
        assert_eq!(pages.concat(), whole, "{path} by {size}");
    }
}

#[tokio::test]
async fn secrets_are_listed_to_the_end() {
    let lab = Lab::start().await;
    for number in 0..6 {
        // A dot is allowed in names, and so in markers.
        lab.create(&format!("s.{number}")).await;
    }
    check(&lab, "secrets", "secrets", "/page_info/next_marker", 6).await;
}

#[tokio::test]
async fn versions_are_listed_to_the_end() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for _ in 1..12 {
        lab.add_version("demo", "x").await;
    }
    let path = "secrets/demo/versions";
    check(
        &lab,
        path,
        "version_metadatas",
        "/page_info/next_marker",
        12,
    )
    .await;
    let rest = lab.get(&format!("{path}?marker=latest")).await;
    assert_eq!(rest["version_metadatas"], json!([]));
}

#[tokio::test]
async fn events_are_listed_to_the_end() {
    let lab = Lab::start().await;
    for number in 0..6 {
        let event = json!({
            "name": format!("e{number}"),
            "event_types": ["SECRET_DELETED"],
            "state": "ENABLED",
            "notification": { "target_type": "SMN", "target_id": "urn", "target_name": "topic" },
        });
        lab.post("csms/events", event).await;
    }
    check(&lab, "csms/events", "events", "/page_info/next_marker", 6).await;
}

#[tokio::test]
async fn tasks_are_listed_to_the_end() {
    let lab = Lab::start().await;
    let body = json!({ "name": "demo", "secret_string": "x", "secret_type": "RDS-FG" });
    lab.post("secrets", body).await;
    for _ in 0..6 {
        lab.ok("POST", "secrets/demo/rotate", None).await;
    }
    check(&lab, "csms/tasks", "tasks", "/next_marker", 6).await;
}

#[tokio::test]
async fn found_secrets_are_paged_by_their_index() {
    let lab = Lab::start().await;
    for number in 0..12 {
        lab.create(&format!("s{number:02}")).await;
    }
    let search = async |page: Value| {
        let mut body = json!({ "action": "filter" });
        for (field, value) in page.as_object().unwrap() {
            body[field] = value.clone();
        }
        let answer = lab.post("csms/resource_instances/action", body).await;
        assert_eq!(answer["total_count"], 12);
        answer["resources"].as_array().unwrap().clone()
    };
    assert_eq!(search(json!({})).await.len(), 10);
    for size in SIZES {
        let mut names = Vec::new();
        while names.len() < 12 {
            let page = json!({ "limit": size.to_string(), "offset": names.len().to_string() });
            names.extend(
                search(page)
                    .await
                    .into_iter()
                    .map(|r| r["resource_name"].clone()),
            );
        }
        assert_eq!(names.len(), 12);
        assert_eq!(
            (&names[0], &names[11]),
            (&json!("s00"), &json!("s11")),
            "by {size}"
        );
    }
    assert!(search(json!({ "offset": "12" })).await.is_empty());
}

#[tokio::test]
async fn a_page_has_fifty_items_unless_told() {
    let lab = Lab::start().await;
    for number in 0..51 {
        lab.create(&format!("s{number:02}")).await;
    }
    let page = lab.get("secrets").await;
    assert_eq!(page["secrets"].as_array().unwrap().len(), 50);
    assert_eq!(page["page_info"]["next_marker"], "s49");
}

#[tokio::test]
async fn a_page_goes_on_where_a_deleted_item_was() {
    let lab = Lab::start().await;
    for name in ["a", "b", "c"] {
        lab.create(name).await;
    }
    let marker = lab.get("secrets?limit=2").await["page_info"]["next_marker"].take();
    assert_eq!(marker, "b");
    lab.delete("secrets/b").await;
    let rest = lab.get("secrets?limit=2&marker=b").await;
    assert_eq!(rest["secrets"][0]["name"], "c");
}

#[tokio::test]
async fn page_sizes_and_markers_that_are_not_valid_are_refused() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for path in [
        "secrets",
        "secrets/demo/versions",
        "csms/events",
        "csms/tasks",
    ] {
        for query in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=%2B1"] {
            let answer = lab.call("GET", &format!("{path}?{query}"), None).await;
            assert_eq!(answer.refusal(), (400, "CSMS.0002"), "{path}?{query}");
        }
        let marker = format!("{path}?marker=%E5%87%AD");
        assert_eq!(lab.call("GET", &marker, None).await.status, 400, "{marker}");
    }
    for body in [
        json!({ "action": "filter", "limit": "0" }),
        json!({ "action": "filter", "limit": "1001" }),
        json!({ "action": "filter", "offset": "-1" }),
    ] {
        let refused = lab
            .refused("POST", "csms/resource_instances/action", Some(body))
            .await;
        assert_eq!(refused, (400, "CSMS.0002".into()));
    }
}

#[tokio::test]
async fn secrets_of_an_event_are_listed_alone() {
    let lab = Lab::start().await;
    let event = json!({
        "name": "event",
        "event_types": ["SECRET_DELETED"],
        "state": "ENABLED",
        "notification": { "target_type": "SMN", "target_id": "urn", "target_name": "topic" },
    });
    lab.post("csms/events", event).await;
    for name in ["a", "b", "c"] {
        lab.create(name).await;
    }
    lab.put("secrets/b", json!({ "event_subscriptions": ["event"] }))
        .await;
    let page = lab.get("secrets?event_name=event&limit=1").await;
    assert_eq!(page["secrets"][0]["name"], "b");
    assert_eq!(page["page_info"].get("next_marker"), None);
    assert_eq!(
        lab.get("secrets?event_name=other").await["secrets"],
        json!([])
    );
}
