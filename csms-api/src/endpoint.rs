//! Where the service answers.

use std::net::IpAddr;

use reqwest::Url;

/// The endpoint of a region.
pub(crate) fn of_region(region: &str) -> Result<String, String> {
    Ok(format!("https://kms.{region}.{}", domain(region)?))
}

/// The endpoint of IAM in a region.
pub(crate) fn of_iam(region: Option<&str>) -> Result<String, String> {
    match region {
        Some(region) => Ok(format!("https://iam.{region}.{}", domain(region)?)),
        None => Ok("https://iam.myhuaweicloud.com".to_owned()),
    }
}

fn domain(region: &str) -> Result<&'static str, String> {
    let is_region_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || !region.chars().all(is_region_id) {
        return Err(format!(
            "\"{}\" is no region id; they look like cn-north-4",
            region.escape_debug()
        ));
    }
    // The regions in Europe are of another partition.
    let is_european = region.starts_with("eu-");
    Ok(if is_european {
        "myhuaweicloud.eu"
    } else {
        "myhuaweicloud.com"
    })
}

/// Checks an endpoint that a user gave, and takes its trailing slash off.
pub(crate) fn parse(endpoint: &str, allow_http: bool) -> Result<String, String> {
    // The endpoint is not repeated in the reasons: it may hold a password.
    let url = Url::parse(endpoint).map_err(|error| {
        format!("the endpoint is no URL ({error}); they look like https://kms.cn-north-4.myhuaweicloud.com")
    })?;
    let Some(host) = url.host_str() else {
        return Err("the endpoint has no host".to_owned());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the endpoint must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the endpoint must not have a query or a fragment".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_http || is_loopback(host) => {}
        "http" => {
            return Err(format!(
                "http://{host} would send credentials and secrets in clear; use https://, or \
                 .allow_http(true) if the network is trusted"
            ));
        }
        scheme => return Err(format!("the endpoint's scheme is {scheme}, expected https")),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The host of an endpoint that was checked.
#[cfg(feature = "tracing")]
pub(crate) fn host(endpoint: &str) -> String {
    let url = Url::parse(endpoint).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{of_region, parse};

    #[test]
    fn regions_have_their_host() {
        for (region, endpoint) in [
            ("cn-north-4", "https://kms.cn-north-4.myhuaweicloud.com"),
            ("xx-new-9", "https://kms.xx-new-9.myhuaweicloud.com"),
            ("eu-west-101", "https://kms.eu-west-101.myhuaweicloud.eu"),
        ] {
            assert_eq!(of_region(region).as_deref(), Ok(endpoint));
        }
    }

    #[test]
    fn what_is_no_region_id_is_refused() {
        for region in ["", "CN-north-4", "cn_north_4", "a.b", "a/b", "地区"] {
            assert!(of_region(region).is_err(), "{region}");
        }
    }

    #[test]
    fn endpoints_keep_their_path_and_lose_their_slash() {
        for (given, expected) in [
            ("https://example.com", "https://example.com"),
            ("https://example.com/", "https://example.com"),
            ("https://example.com/csms/", "https://example.com/csms"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://localhost", "http://localhost"),
        ] {
            assert_eq!(parse(given, false).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn endpoints_that_leak_or_mislead_are_refused() {
        for endpoint in [
            "http://example.com",
            "http://localhost.example.com",
            "ftp://example.com",
            "https://user:hunter2@example.com",
            "https://example.com?x=hunter2",
            "example.com",
            "",
        ] {
            let reason = parse(endpoint, false).err();
            assert!(reason.is_some(), "{endpoint}");
            assert!(
                !reason.unwrap_or_default().contains("hunter2"),
                "{endpoint}"
            );
        }
        assert!(parse("http://example.com", true).is_ok());
    }
}
