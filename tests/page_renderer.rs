//! Contract → page, in the form of the vendor's repository: `##` headings and HTML tables.

use std::collections::HashSet;
use std::fmt::Write;

use csms_gen::contract::{Body, Contract, Field, Location, Parameter};

/// The page that states what a contract holds; `about` is what it says that the operation does.
pub fn page(contract: &Contract, about: &str) -> String {
    let id = contract.operation_id.as_deref().unwrap_or_default();
    let title = contract.title.as_deref().unwrap_or(id);
    let mut page = Page {
        text: String::new(),
        tables: 0,
        anchors: HashSet::new(),
    };
    page.line(&format!("# {title}<a name=\"{id}\"></a>"));
    page.section("功能介绍");
    page.line(about);
    page.section("调试");
    page.line(&format!(
        "您可以在[API Explorer](https://console.huaweicloud.com/apiexplorer/#/openapi/CSMS/doc?api={id})中调试该接口。"
    ));
    page.section("URI");
    let path = contract.path.replace('_', "\\_");
    let path = path.replace('{', "\\{").replace('}', "\\}");
    page.line(&format!("{} {path}", contract.method));
    page.parameters("路径参数", contract, Location::Path);
    page.parameters("Query参数", contract, Location::Query);
    page.section("请求参数");
    page.parameters("请求Header参数", contract, Location::Header);
    if let Some(body) = &contract.request_body {
        page.body("请求Body参数", "request", body);
    }
    page.section("响应参数");
    for (status, body) in &contract.responses {
        if let Some(body) = body {
            page.line(&format!("**状态码： {status}**"));
            page.body("响应Body参数", "response", body);
        }
    }
    page.section("请求示例");
    for example in &contract.examples.request {
        page.line(&format!("```\n{example:#}\n```"));
    }
    page.section("响应示例");
    for (status, examples) in &contract.examples.responses {
        page.line(&format!("**状态码： {status}**"));
        for example in examples {
            page.line(&format!("```\n{example:#}\n```"));
        }
    }
    page.section("状态码");
    let statuses = contract.responses.keys();
    let rows = statuses.map(|status| vec![status.clone(), "请求的结果。".to_owned()]);
    page.table(&["状态码", "描述"], rows);
    page.section("错误码");
    page.line("请参见[错误码](错误码.md)。");
    page.text
}

struct Page {
    text: String,
    tables: usize,
    anchors: HashSet<String>,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    fn section(&mut self, name: &str) {
        let number = self.text.len();
        self.line(&format!("## {name}<a name=\"section{number}\"></a>"));
    }

    fn caption(&mut self, name: &str) {
        self.tables += 1;
        self.line(&format!("**表 {}**  {name}", self.tables));
    }

    fn parameters(&mut self, caption: &str, contract: &Contract, location: Location) {
        let parameters = contract.parameters.iter();
        let parameters: Vec<&Parameter> = parameters.filter(|p| p.location == location).collect();
        if parameters.is_empty() {
            return;
        }
        self.caption(caption);
        let rows = parameters
            .iter()
            .map(|p| (p.name.as_str(), p.required, type_cell(&p.type_name, None)));
        self.entries(rows.collect());
    }

    fn body(&mut self, caption: &str, direction: &str, body: &Body) {
        self.caption(caption);
        if let Some(schema) = &body.schema {
            self.anchor(direction, schema);
        }
        self.fields(direction, &body.fields);
        let mut written = HashSet::new();
        self.schemas(direction, &body.fields, &mut written);
    }

    /// The tables of the schemas that fields refer to, each of them once.
    fn schemas(&mut self, direction: &str, fields: &[Field], written: &mut HashSet<String>) {
        for field in fields {
            let Some(inner) = &field.fields else {
                continue;
            };
            let name = core(&field.type_name);
            if written.insert(name.to_owned()) {
                self.caption(name);
                self.anchor(direction, name);
                self.fields(direction, inner);
                self.schemas(direction, inner, written);
            }
        }
    }

    fn fields(&mut self, direction: &str, fields: &[Field]) {
        let rows = fields.iter().map(|field| {
            let refers = field.fields.is_some() || field.recursive;
            let direction = refers.then_some(direction);
            let kind = type_cell(&field.type_name, direction);
            (field.name.as_str(), field.required, kind)
        });
        self.entries(rows.collect());
    }

    /// A repeated anchor gets a number at its end.
    fn anchor(&mut self, direction: &str, schema: &str) {
        let base = format!("{direction}_{schema}");
        let numbered = (1..).map(|number| format!("{base}_{number}"));
        let mut names = std::iter::once(base.clone()).chain(numbered);
        if let Some(name) = names.find(|name| self.anchors.insert(name.clone())) {
            self.line(&format!("<a name=\"{name}\"></a>"));
        }
    }

    fn entries(&mut self, rows: Vec<(&str, Option<bool>, String)>) {
        let has_required = rows.iter().any(|(_, required, _)| required.is_some());
        let header: &[&str] = if has_required {
            &["参数", "是否必选", "参数类型", "描述"]
        } else {
            &["参数", "参数类型", "描述"]
        };
        let rows = rows.into_iter().map(|(name, required, kind)| {
            let mut cells = vec![escaped(name)];
            if has_required {
                let word = required.map_or("", |required| if required { "是" } else { "否" });
                cells.push(word.to_owned());
            }
            let text = "该字段的含义、取值范围与约束限制。<ul><li>最小长度：1</li><li>最大长度：64</li></ul>";
            cells.extend([kind, text.to_owned()]);
            cells
        });
        self.table(header, rows);
    }

    fn table(&mut self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        self.text.push_str("<table><thead align=\"left\"><tr>");
        for cell in header {
            self.cell("th", cell);
        }
        self.text.push_str("</tr>\n</thead>\n<tbody>");
        for row in rows {
            self.text.push_str("<tr>");
            for cell in &row {
                self.cell("td", cell);
            }
            self.text.push_str("</tr>\n");
        }
        self.line("</tbody>\n</table>");
    }

    fn cell(&mut self, element: &str, html: &str) {
        let number = self.text.len();
        // Writing to a string can't fail.
        _ = writeln!(
            self.text,
            "<{element} class=\"cellrowborder\" valign=\"top\" width=\"25%\" headers=\"mcps1.2.5.1.1 \"><p id=\"p{number}\"><a name=\"p{number}\"></a><a name=\"p{number}\"></a>{html}</p>\n</{element}>"
        );
    }
}

/// A type in the words of a page, with a link to the table of its schema.
fn type_cell(notation: &str, direction: Option<&str>) -> String {
    let inside = |opening: &str| notation.strip_prefix(opening)?.strip_suffix('>');
    let link = |name: &str| match direction {
        Some(direction) => format!("<a href=\"#{direction}_{name}\">{name}</a>"),
        None => name.to_owned(),
    };
    if let Some(items) = inside("array<") {
        return match (word(items), core(items) == items) {
            (Some(word), _) => format!("Array of {}s", word.to_lowercase()),
            (None, true) => format!("Array of {} objects", link(items)),
            (None, false) => format!("Array&lt;{}&gt;", type_cell(items, direction)),
        };
    }
    if let Some(values) = inside("map<") {
        let values = match word(values) {
            Some(word) => word.to_owned(),
            None if core(values) == values => link(values),
            None => type_cell(values, direction),
        };
        return format!("Map&lt;String,{values}&gt;");
    }
    match word(notation) {
        Some(word) => word.to_owned(),
        None => format!("{} object", link(notation)),
    }
}

fn word(notation: &str) -> Option<&'static str> {
    Some(match notation {
        "string" => "String",
        "int32" => "Integer",
        "int64" => "Long",
        "boolean" => "Boolean",
        "float" => "Float",
        "double" => "Double",
        "object" => "Object",
        "date" => "Date",
        "date-time" => "DateTime",
        _ => return None,
    })
}

/// The name inside of arrays and maps.
fn core(notation: &str) -> &str {
    ["array<", "map<"]
        .iter()
        .find_map(|opening| notation.strip_prefix(opening)?.strip_suffix('>'))
        .map_or(notation, core)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
