//! The service in memory behaves as the documentation says.

use csms_api::mock::Service;

#[tokio::test]
async fn smoke() {
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    client
        .create_secret()
        .name("demo")
        .secret_string("hunter2")
        .send()
        .await
        .unwrap();
    let value = client.get_secret_value("demo").await.unwrap();
    assert_eq!(value.text(), Some("hunter2"));
    let backup = client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    client
        .delete_secret()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    let error = client
        .show_secret()
        .secret_name("demo")
        .send()
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    client
        .upload_secret_blob()
        .secret_blob(backup.into_inner().secret_blob.unwrap())
        .send()
        .await
        .unwrap();
    let list = client.list_secrets().send().await.unwrap();
    assert_eq!(list.secrets.as_ref().unwrap().len(), 1);
    let signed = csms_api::Client::builder()
        .endpoint(service.endpoint())
        .project_id(service.project_id())
        .credentials(csms_api::Credentials::access_key(
            Service::ACCESS_KEY,
            Service::SECRET_KEY,
        ))
        .build()
        .unwrap();
    signed
        .show_secret()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
}
