//! `cargo xtask import` of 29 to 1,000 pages, and the memory that one large page takes.
//!
//! The pages are made from the stored contracts, in the form of the vendor's repository.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that fails has found a fault"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use csms_gen::contract::Contract;
use csms_gen::import::{self, Imported};
use csms_gen::workspace::Workspace;
use divan::Bencher;
use divan::counter::ItemsCount;
use repeated::Chain;
use serde_json::Value;
use tempfile::TempDir;

#[path = "../../tests/page_renderer.rs"]
mod page_renderer;
mod repeated;

const COUNTS: [usize; 3] = [29, 100, 1_000];
const MEBIBYTE: usize = 1 << 20;
const LARGE_PAGE: usize = 20 * MEBIBYTE;
const PEAK_LIMIT: usize = 300 * MEBIBYTE;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, page] = arguments.as_slice()
        && flag == PEAK_FLAG
    {
        return print_peak_of(Path::new(page));
    }
    divan::main();
    if arguments.iter().any(|argument| argument == "--bench") {
        measure_large_pages();
    }
    ExitCode::SUCCESS
}

/// A workspace, and pages to import into it.
struct Subject {
    _folder: TempDir,
    workspace: Workspace,
    pages: Vec<PathBuf>,
}

/// Pages of operations that `chain` has, in a workspace with `stored`.
fn subject(stored: &Chain, chain: &Chain) -> Subject {
    let folder = TempDir::new().unwrap();
    let pages = chain.contracts.iter().enumerate().map(|(at, contract)| {
        let contract: Contract = serde_json::from_value(contract.clone()).unwrap();
        let file = folder.path().join(format!("page{at}.md"));
        fs::write(
            &file,
            page_renderer::page(&contract, &words_on_page(chain, at)),
        )
        .unwrap();
        file
    });
    let pages = pages.collect();
    let workspace = stored.write(folder.path());
    Subject {
        workspace,
        pages,
        _folder: folder,
    }
}

/// The words that corrections look for on the page of the operation at `at`.
fn words_on_page(chain: &Chain, at: usize) -> String {
    let id = &chain.contracts[at]["operation_id"];
    let corrections = chain.corrections.iter();
    let corrections = corrections.filter(|correction| {
        let operations = correction["operations"].as_array().unwrap();
        operations.contains(id)
    });
    let words = corrections.filter_map(|correction| correction["page_text"].as_str());
    words.chain(["做一件事。"]).collect::<Vec<_>>().join(" ")
}

fn import_all(subject: &Subject) -> Vec<Imported> {
    let result = import::import(&subject.workspace, &subject.pages, false, |_| ());
    let all = result.unwrap_or_else(|problem| panic!("{problem}"));
    for imported in &all {
        assert!(imported.problems.is_empty(), "{:#?}", imported.problems);
    }
    all
}

/// Pages of operations that neither spec nor contracts have yet.
#[divan::bench(args = COUNTS)]
fn new_pages(bencher: Bencher<'_, '_>, count: usize) {
    let real = repeated::real();
    let added = real.copies(count);
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| subject(&real, &added))
        .bench_local_values(|subject| {
            let all = import_all(&subject);
            assert!(all.iter().all(|imported| imported.is_new));
            subject
        });
}

/// The same pages again, which changes nothing.
#[divan::bench(args = COUNTS)]
fn known_pages(bencher: Bencher<'_, '_>, count: usize) {
    let mut chain = repeated::real().repeated(count);
    for contract in &mut chain.contracts {
        // What has no page has no title, and now it has a page.
        if contract["title"].is_null() {
            contract["title"] = contract["operation_id"].clone();
        }
    }
    let subject = subject(&chain, &chain);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let all = import_all(&subject);
        assert!(
            all.iter()
                .all(|imported| !imported.is_new && imported.changes.is_empty())
        );
        all
    });
}

/// Pages that are refused since the spec says otherwise.
#[divan::bench(args = COUNTS)]
fn refused_pages(bencher: Bencher<'_, '_>, count: usize) {
    let mut chain = repeated::real().repeated(count);
    let subject = subject(&chain, &chain);
    chain.corrections.clear();
    for item in chain.spec["paths"].as_object_mut().unwrap().values_mut() {
        for operation in item.as_object_mut().unwrap().values_mut() {
            operation["parameters"] = Value::Array(Vec::new());
            operation["responses"] = serde_json::json!({"299": {"description": "Odd."}});
        }
    }
    chain.write(subject._folder.path());
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let result = import::import(&subject.workspace, &subject.pages, false, |_| ());
        let all = result.unwrap_or_else(|problem| panic!("{problem}"));
        assert!(all.iter().all(|imported| !imported.problems.is_empty()));
        all
    });
}

const PEAK_FLAG: &str = "--print-peak-of";

/// Reads large pages of several kinds, each in a process of its own.
fn measure_large_pages() {
    let folder = TempDir::new().unwrap();
    println!("\nmemory for a page of {} MiB", LARGE_PAGE / MEBIBYTE);
    for (name, text) in large_pages() {
        let file = folder.path().join("large.md");
        fs::write(&file, text).unwrap();
        let started = std::time::Instant::now();
        let output = Command::new(std::env::current_exe().unwrap())
            .args([PEAK_FLAG.as_ref(), file.as_os_str()])
            .output()
            .unwrap();
        let time = started.elapsed();
        let printed = String::from_utf8_lossy(&output.stdout);
        let Some((peak, outcome)) = printed.trim().split_once(' ') else {
            panic!("{name}: {output:?}");
        };
        let peak: usize = peak.parse().unwrap();
        println!("{name:24} {:4} MiB  {time:.2?}  {outcome}", peak / MEBIBYTE);
        assert!(
            peak <= PEAK_LIMIT,
            "{name} takes more than {PEAK_LIMIT} bytes"
        );
    }
}

fn print_peak_of(page: &Path) -> ExitCode {
    let imported = import::read(page);
    let outcome = match imported.problems.first() {
        Some(problem) => problem.message.clone(),
        None => format!("read, {} warnings", imported.warnings.len()),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kibibytes: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{} {outcome}", kibibytes << 10);
    ExitCode::SUCCESS
}

/// A page padded to the size, with what large pages may be made of.
fn large_pages() -> Vec<(&'static str, String)> {
    let real = repeated::real();
    let contract: Contract = serde_json::from_value(real.contracts[0].clone()).unwrap();
    let page = |contract: &Contract| page_renderer::page(contract, "做一件事。");
    let fields = |count: usize| -> Contract {
        let mut contract = contract.clone();
        let field = |at: usize| serde_json::json!({"name": format!("field_{at}"), "type": "string", "required": null});
        let fields: Vec<_> = (0..count).map(field).collect();
        contract.responses["200"].as_mut().unwrap().fields =
            serde_json::from_value(fields.into()).unwrap();
        contract
    };
    let row = (page(&fields(2_000)).len() - page(&fields(1_000)).len()) / 1_000;
    let tables = page(&fields(LARGE_PAGE / row));

    let mut with_example = contract.clone();
    let item = serde_json::json!({"name": "demo", "id": 1, "tags": ["a", "b"], "on": true});
    let size = format!("{:#}", Value::Array(vec![item.clone(); 1_000])).len() / 1_000;
    let items = Value::Array(vec![item; LARGE_PAGE / size]);
    let example = serde_json::json!({"secret_blob": "x", "items": items});
    with_example
        .examples
        .responses
        .insert("200".to_owned(), vec![example]);
    let example = page(&with_example);

    let plain = page(&contract);
    let pipes = {
        let rows = "| field_name_that_goes_on | Yes | String | What it means. |\n";
        let mut table =
            "\n**表 90**  Other\n\n| 参数 | 是否必选 | 参数类型 | 描述 |\n|---|---|---|---|\n"
                .to_owned();
        for at in 0..LARGE_PAGE / (rows.len() + 6) {
            table.push_str(&rows.replace("_on", &format!("_on{at}")));
        }
        plain.replacen("## 请求示例", &format!("{table}\n## 请求示例"), 1)
    };
    let prose = {
        let line =
            "一个很长的说明，没有表格，只有文字 and **some** [links](https://example.com)。\n\n";
        plain.replacen("做一件事。", &line.repeat(LARGE_PAGE / line.len()), 1)
    };
    vec![
        ("HTML table", tables),
        ("pipe table", pipes),
        ("example", example),
        ("prose", prose),
    ]
}
