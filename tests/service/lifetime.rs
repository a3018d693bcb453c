//! Starting and stopping.

use std::io::ErrorKind;
use std::net::TcpStream;

use csms_api::Credentials;
use csms_api::mock::Service;

#[tokio::test]
async fn a_dropped_service_answers_no_more() {
    let service = Service::start().await.unwrap();
    let address = service.address();
    let client = service
        .client()
        .unwrap()
        .with_retry(csms_api::RetryPolicy::none());
    client.list_secrets().send().await.unwrap();
    drop(service);
    let error = client.list_secrets().send().await.unwrap_err();
    assert_eq!(error.status(), None, "{error}");
    // The task that listened is gone as soon as the runtime has looked after it.
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let service = Service::start().await.unwrap();
    let address = service.address();
    let error = Service::builder().listen(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let expected = format!("{address} can't be listened on: ");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn services_hold_nothing_in_common() {
    let (one, other) = (
        Service::start().await.unwrap(),
        Service::start().await.unwrap(),
    );
    let client = one.client().unwrap();
    client
        .create_secret()
        .name("demo")
        .secret_string("x")
        .send()
        .await
        .unwrap();
    let error = other
        .client()
        .unwrap()
        .show_secret()
        .secret_name("demo")
        .send()
        .await;
    assert!(error.unwrap_err().is_not_found());
}

#[tokio::test]
async fn what_is_set_is_used_and_does_not_show() {
    let builder = Service::builder()
        .token("hunter2-token")
        .access_key("AK", "hunter2-sk")
        .user("alice", "hunter2-password", "acme")
        .project_id("another-project");
    let shown = format!("{builder:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let service = builder
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(service.project_id(), "another-project");
    assert_eq!(service.endpoint(), format!("http://{}", service.address()));
    let client = service.client().unwrap();
    let list = client.list_secrets().send().await.unwrap();
    assert!(list.request_id().is_some());
    let signed = csms_api::Client::builder()
        .endpoint(service.endpoint())
        .project_id("another-project")
        .credentials(Credentials::access_key("AK", "hunter2-sk"))
        .build()
        .unwrap();
    signed
        .create_secret()
        .name("demo")
        .secret_string("hunter2")
        .send()
        .await
        .unwrap();
    let shown = format!("{service:?} {client:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
