//! The tour of the examples shows what it says, and no secret.

#[path = "../csms-api/examples/tour.rs"]
#[allow(dead_code, reason = "a program's main is of no use here")]
mod tour;

#[tokio::test]
async fn the_tour_tells_each_step_and_no_secret() {
    let mut out = Vec::new();
    tour::tour(&mut out).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    let lines: Vec<_> = said.lines().collect();
    let beginnings = [
        "the service in memory is at http://127.0.0.1:",
        "created demo, id ",
        "backed up demo: ",
        "deleted demo: ShowSecret: 404 CSMS.0101: there is no secret demo (request id ",
        "restored demo from the backup",
        "read demo: 7 bytes, shown as ",
    ];
    assert_eq!(lines.len(), beginnings.len(), "{said}");
    for (line, beginning) in lines.iter().zip(beginnings) {
        assert!(line.starts_with(beginning), "{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(said.matches("redacted").count(), 2, "{said}");
}
