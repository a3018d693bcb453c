use csms_api::{Client, Credentials};
use std::time::Instant;
#[test]
fn build_time() {
    for _ in 0..3 {
        let t = Instant::now();
        let _c = Client::builder()
            .endpoint("http://127.0.0.1:1")
            .credentials(Credentials::token("x"))
            .build()
            .unwrap();
        eprintln!("{:?}", t.elapsed());
        let t = Instant::now();
        let _c = Client::builder()
            .endpoint("http://127.0.0.1:1")
            .credentials(Credentials::token("x"))
            .http_client_builder(reqwest::Client::builder().tls_certs_only([]))
            .build()
            .unwrap();
        eprintln!("only {:?}", t.elapsed());
    }
}
