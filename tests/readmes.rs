//! README.md and README.zh-CN.md say the same.

use std::fs;
use std::path::Path;

#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    /// The level of each heading.
    headings: Vec<usize>,
    code_blocks: Vec<String>,
    /// What stands in backticks outside of code blocks, sorted in each paragraph.
    code: Vec<Vec<String>>,
    /// The files that are linked to, but for the other README.
    links: Vec<String>,
}

fn text(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(name)).unwrap()
}

fn shape(text: &str) -> Shape {
    let mut shape = Shape::default();
    let mut block: Option<String> = None;
    for line in text.lines() {
        if line.starts_with("```") {
            match block.take() {
                Some(block) => shape.code_blocks.push(block),
                None => block = Some(line.to_owned()),
            }
        } else if let Some(block) = &mut block {
            block.push_str(line);
            block.push('\n');
        } else {
            let level = line.bytes().take_while(|byte| *byte == b'#').count();
            if level > 0 {
                shape.headings.push(level);
            }
            let mut code: Vec<_> = line
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect();
            code.sort();
            shape.code.push(code);
            let links = line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next());
            let links = links.filter(|link| !link.starts_with("README"));
            shape.links.extend(links.map(str::to_owned));
        }
    }
    shape.links.sort();
    shape
}

#[test]
fn both_languages_have_the_same_headings_code_and_links() {
    let (english, chinese) = (text("README.md"), text("README.zh-CN.md"));
    let (english, chinese) = (shape(&english), shape(&chinese));
    assert!(english.headings.len() > 5 && english.code_blocks.len() > 5);
    assert_eq!(english, chinese);
}

#[test]
fn every_linked_file_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in [
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "BENCHMARKS.md",
    ] {
        for link in shape(&text(name)).links {
            assert!(
                link.starts_with("https://") || root.join(&link).exists(),
                "{name}: {link}"
            );
        }
    }
}
