//! Bad input to every command of `cargo xtask`: a message that names the place, nothing written.

use csms_gen::lint::SENSITIVE_STRINGS;
use csms_gen::workspace::{CONTRACTS, CORRECTIONS, GENERATED, SPEC};
use serde_json::{Value, json};
use tests::checkout::{
    Checkout, Edit, assert_all, assert_refuses_each, remove, rename, set, xtask,
};

const BACKUP: &str = "/paths/~1v1~1{project_id}~1secrets~1{secret_name}~1backup";
const CHECK: &str = "/paths/~1v1~1{project_id}~1secrets~1checker~1check/post";
const LIST: &str = "/paths/~1v1~1{project_id}~1csms~1events/get";
const GADGETS: &str = "/paths/~1v1~1{project_id}~1gadgets";
const SCHEMAS: &str = "/components/schemas";

/// The page of an invented operation, in the form of the vendor's site.
const CREATE_GADGET: &str = "# Creating a Gadget - CreateGadget
#### Function
Creates a gadget.

#### URI
POST /v1/{project_id}/gadgets

Table 1 Path Parameters
| Parameter | Mandatory | Type | Description |
|:---|:---|:---|:---|
| project_id | Yes | String | The project. |

#### Request Parameters
Table 2 Request header parameters
| Parameter | Mandatory | Type | Description |
|:---|:---|:---|:---|
| X-Auth-Token | Yes | String | The token. |

Table 3 Request body parameters
| Parameter | Mandatory | Type | Description |
|:---|:---|:---|:---|
| name | Yes | String | The name. |
| parts | No | Array of Part objects | The parts. |

Table 4 Part
| Parameter | Mandatory | Type | Description |
|:---|:---|:---|:---|
| label | Yes | String | The label. |

#### Response Parameters
**Status code: 201**

Table 5 Response body parameters
| Parameter | Type | Description |
|:---|:---|:---|
| id | Long | The id. |
| password | String | The password. |

#### Example Requests
```
{ \"name\": \"g\", \"parts\": [ { \"label\": \"a\" } ] }
```

#### Example Responses
**Status code: 201**

```
{ \"id\": 1, \"password\": \"p\" }
```

#### Status Codes
| Status Code | Description |
|:---|:---|
| 201 | Created |
";

/// The page of another invented operation, in the form of the vendor's repository.
const LIST_GADGETS: &str = r#"# 查询小工具列表<a name="ListGadgets"></a>

## 功能介绍<a name="section1"></a>

查询小工具列表。

## 调试<a name="section2"></a>

您可以在[API Explorer](https://console.example.com/apiexplorer/#/openapi/GADGETS/doc?api=ListGadgets)中调试该接口。

## URI<a name="section3"></a>

GET /v1/\{project\_id\}/gadgets

**表 1**  路径参数

<table><thead><tr><th><p>参数</p></th><th><p>是否必选</p></th><th><p>参数类型</p></th><th><p>描述</p></th></tr></thead>
<tbody><tr><td><p>project_id</p></td><td><p>是</p></td><td><p>String</p></td><td><p>项目ID。</p></td></tr>
</tbody>
</table>

## 响应参数<a name="section4"></a>

**状态码： 200**

**表 2**  响应Body参数

<a name="response_GadgetList"></a>
<table><thead><tr><th><p>参数</p></th><th><p>参数类型</p></th><th><p>描述</p></th></tr></thead>
<tbody><tr><td><p>names</p></td><td><p>Array of strings</p></td><td><p>名称。</p></td></tr>
<tr><td><p>count</p></td><td><p>Integer</p></td><td><p>数量。</p></td></tr>
</tbody>
</table>

## 状态码<a name="section5"></a>

<table><thead><tr><th><p>状态码</p></th><th><p>描述</p></th></tr></thead>
<tbody><tr><td><p>200</p></td><td><p>成功</p></td></tr>
</tbody>
</table>
"#;

/// The contract of [`LIST_GADGETS`].
const LIST_GADGETS_CONTRACT: &str = r#"{
  "operation_id": "ListGadgets",
  "title": "查询小工具列表",
  "method": "GET",
  "path": "/v1/{project_id}/gadgets",
  "parameters": [
    {
      "in": "path",
      "name": "project_id",
      "type": "string",
      "required": true
    }
  ],
  "request_body": null,
  "responses": {
    "200": {
      "schema": "GadgetList",
      "fields": [
        {
          "name": "names",
          "type": "array<string>",
          "required": null
        },
        {
          "name": "count",
          "type": "int32",
          "required": null
        }
      ]
    }
  },
  "examples": {
    "request": [],
    "responses": {}
  }
}
"#;

/// A piece of a page, up to the end of `words`.
fn cut_after<'a>(page: &'a str, words: &str) -> &'a str {
    let start = page.find(words).unwrap();
    &page[..start + words.len()]
}

/// The number of the line in which `words` begin, counted from 1.
fn line_of(page: &str, words: &str) -> usize {
    page[..page.find(words).unwrap()].matches('\n').count() + 1
}

/// A page in the form of the vendor's repository that states what a contract states, if its
/// answers are flat objects and it sends no body.
fn page_of(contract: &Value) -> String {
    let text = |key: &str| contract[key].as_str().unwrap();
    let id = text("operation_id");
    let path = text("path")
        .replace('{', r"\{")
        .replace('}', r"\}")
        .replace('_', r"\_");
    let rows_in = |place: &str| {
        let parameters = contract["parameters"].as_array().unwrap().iter();
        rows(parameters.filter(|parameter| parameter["in"] == place))
    };
    let columns = ["参数", "参数类型", "描述", "是否必选"];
    let mut page = format!(
        "# {}<a name=\"{id}\"></a>\n\n## 功能介绍\n\n一个操作。\n\n## 调试\n\n\
         [API Explorer](https://console.example.com/apiexplorer/#/openapi/CSMS/doc?api={id})\n\n\
         ## URI\n\n{} {path}\n\n**表 1**  路径参数\n\n{}## 请求参数\n\n\
         **表 2**  请求Header参数\n\n{}## 响应参数\n\n",
        text("title"),
        text("method"),
        table(&columns, &rows_in("path")),
        table(&columns, &rows_in("header")),
    );
    let mut statuses = Vec::new();
    for (status, body) in contract["responses"].as_object().unwrap() {
        statuses.push(vec![status.clone(), "状态".to_owned()]);
        let schema = body["schema"].as_str().unwrap();
        let fields = rows(body["fields"].as_array().unwrap().iter());
        page += &format!(
            "**状态码： {status}**\n\n**表 3**  响应Body参数\n\n<a name=\"response_{schema}\"></a>\n{}",
            table(&columns[..3], &fields)
        );
    }
    page += "## 响应示例\n\n";
    for (status, examples) in contract["examples"]["responses"].as_object().unwrap() {
        page += &format!("**状态码： {status}**\n\n```\n{:#}\n```\n\n", examples[0]);
    }
    page + "## 状态码\n\n" + &table(&["状态码", "描述"], &statuses)
}

fn rows<'a>(facts: impl Iterator<Item = &'a Value>) -> Vec<Vec<String>> {
    let cells = |fact: &Value| {
        let type_name = match fact["type"].as_str().unwrap() {
            "string" => "String",
            "int32" => "Integer",
            "int64" => "Long",
            other => panic!("{other}"),
        };
        let required = if fact["required"] == true {
            "是"
        } else {
            "否"
        };
        [
            fact["name"].as_str().unwrap(),
            type_name,
            "说明。",
            required,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    facts.map(cells).collect()
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |tag: &str, text: &str| format!("<{tag}><p>{text}</p></{tag}>");
    let header: String = columns.iter().map(|column| cell("th", column)).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells
            .iter()
            .take(columns.len())
            .map(|text| cell("td", text))
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table><thead><tr>{header}</tr></thead>\n<tbody>{rows}</tbody>\n</table>\n\n")
}

fn contract_of(id: &str) -> String {
    format!("{CONTRACTS}/{id}.json")
}

/// The page that states what the stored contract of DownloadSecretBlob states, after an edit.
fn backup_page(checkout: &Checkout, edit: impl FnOnce(&mut Value)) -> String {
    let mut contract = checkout.json(&contract_of("DownloadSecretBlob"));
    edit(&mut contract);
    page_of(&contract)
}

// Import: files that are no page.

#[test]
fn a_file_that_is_no_page_is_named_with_its_line() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice();
    let html = "<!DOCTYPE html>\n<html><table><tr><td>Salt</td></tr></table></html>\n";
    let utf_16: Vec<u8> = "\u{feff}# T"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let no_operation = ":1: the page does not name its operation";
    let cases: [(&str, &[u8], &str); 14] = [
        ("empty.md", b"", ":1: the file is empty"),
        ("blank.md", b" \n\t\n", ":1: the file is empty"),
        ("picture.png", png, ":1: the file is binary"),
        ("picture.md", png, ":1: the file is binary"),
        (
            "latin.md",
            b"# Title\n\nA caf\xe9.\n",
            ":3: the file is not UTF-8",
        ),
        ("wide.md", &utf_16, ":1: the file is UTF-16"),
        (
            "recipes.html",
            html.as_bytes(),
            ":1: this is an HTML document",
        ),
        (
            "piece.md",
            b"<h1>Recipes</h1>\n<p>Salt</p>\n",
            ":2: the page has no heading `URI`",
        ),
        (
            "recipes.md",
            b"# Recipes\n\nSalt.\n",
            ":3: the page has no heading `URI`",
        ),
        ("other.json", b"{\n\"a\": 1\n}", ":2: this is no contract"),
        ("list.json", b"[]", ":1: this is an array"),
        (
            "cut.json",
            b"{\n\"operation_id\": ",
            ":2: this is no contract",
        ),
        (
            "nameless.md",
            &text_with(" - CreateGadget", ""),
            no_operation,
        ),
        (
            "elsewhere.md",
            &text_with("CreateGadget", "../../Gadget"),
            no_operation,
        ),
    ];
    assert_all(cases.into_iter().map(|(name, bytes, message)| {
        let checkout = Checkout::small();
        checkout.write(name, bytes);
        checkout.refuses(&["import", name], &[format!("error: {name}{message}")])
    }));
}

/// The bytes of a good page with another piece.
fn text_with(old: &str, new: &str) -> Vec<u8> {
    assert!(CREATE_GADGET.contains(old));
    CREATE_GADGET.replace(old, new).into_bytes()
}

#[test]
fn a_broken_page_is_named_with_its_line() {
    let html_table = "<table><thead><tr><th><p>参数</p></th><th><p>参数类型";
    let cases = [
        (
            CREATE_GADGET.replace("POST /v1/{project_id}/gadgets", ""),
            "#### URI",
            "no request line",
        ),
        (
            CREATE_GADGET.replace("#### URI\n", ""),
            "| 201 ",
            "the page has no heading `URI`",
        ),
        (
            format!(
                "{}{CREATE_GADGET}",
                CREATE_GADGET.replace("#### URI", "#### URI ")
            ),
            "#### URI\n",
            "a second URI section",
        ),
        (
            cut_after(CREATE_GADGET, "| parts | No").to_owned(),
            "| parts",
            "the page ends inside this row of a table",
        ),
        (
            cut_after(CREATE_GADGET, "\"password\":").to_owned(),
            "```\n{ \"id\"",
            "the code block that begins here never ends",
        ),
        (
            cut_after(LIST_GADGETS, "<tr><td><p>count").to_owned(),
            html_table,
            "the table that begins here has no </table>",
        ),
        (
            cut_after(LIST_GADGETS, "<p>名称。</p></td></tr>\n").to_owned(),
            html_table,
            "the table that begins here has no </table>",
        ),
    ];
    assert_all(cases.iter().map(|(page, at, message)| {
        let checkout = Checkout::small();
        checkout.write("page.md", page);
        let finding = format!("error: page.md:{}: {message}", line_of(page, at));
        checkout.refuses(&["import", "page.md"], &[finding])
    }));
}

#[test]
fn a_folder_and_a_missing_file_are_named() {
    let checkout = Checkout::small();
    checkout.assert_refuses(
        &["import", "openapi"],
        &["error: openapi:1: this is a folder"],
    );
    let finding = "error: nothing.md:1: the file cannot be read";
    checkout.assert_refuses(&["import", "nothing.md"], &[finding]);
}

#[test]
fn a_contract_that_names_a_file_elsewhere_is_refused() {
    let checkout = Checkout::small();
    let contract = checkout.text(&contract_of("DownloadSecretBlob"));
    checkout.write(
        "evil.json",
        contract.replace("DownloadSecretBlob\",", "../../Evil\","),
    );
    let finding = "error: evil.json:2: `../../Evil` is no operation id";
    checkout.assert_refuses(&["import", "evil.json"], &[finding]);
}

#[test]
fn twenty_mebibytes_of_junk_are_refused() {
    let checkout = Checkout::small();
    let line = "junk | <p> [a](b) `c` **d** \\{e\\} &lt; GET /v1\n";
    checkout.write("junk.md", line.repeat((20 << 20) / line.len()));
    checkout.assert_refuses(
        &["import", "junk.md"],
        &["error: junk.md:1: the page has no title"],
    );
}

// Import: pages that contradict the spec.

#[test]
fn a_page_that_contradicts_the_spec_is_refused_with_line_and_place() {
    let checkout = Checkout::small();
    let page = backup_page(&checkout, |contract| {
        set("/responses/200/fields/0/type", "int32")
            .and(set("/parameters/1/type", "int64"))
            .and(remove("/responses/404"))
            .apply(contract);
    });
    checkout.write("page.md", &page);
    let blob = format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/secret_blob/type");
    let name = format!("{BACKUP}/post/parameters/1/schema/type");
    let not_found = format!("{BACKUP}/post/responses/404");
    let line = |words| {
        format!(
            "error: page.md:{}: DownloadSecretBlob",
            line_of(&page, words)
        )
    };
    checkout.assert_refuses(
        &["import", "page.md"],
        &[
            &format!(
                "{}: {blob}: the page says \"int32\", the spec says",
                line("<p>secret_blob")
            ),
            &format!(
                "{}: {name}: the page says \"int64\", the spec says",
                line("<p>secret_name")
            ),
            &format!("error: page.md: DownloadSecretBlob: {not_found}: the page says nothing, the"),
        ],
    );
}

#[test]
fn a_correction_lets_a_contradicting_page_in() {
    let checkout = Checkout::small();
    let page = backup_page(&checkout, |contract| {
        set("/responses/200/fields/0/type", "int32").apply(contract);
    });
    checkout.write("page.md", page);
    let correction = json!({
        "name": "blob-is-text",
        "kind": "fact",
        "operations": ["DownloadSecretBlob"],
        "pointers": [format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/secret_blob/type")],
        "page_says": "int32",
        "spec_says": "string",
        "reason": "Invented.",
        "source": "Invented.",
    });
    checkout.edit(CORRECTIONS, &set("/-", correction));
    let before = checkout.tree();
    let run = checkout.xtask(&["import", "page.md"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .contains("changed   DownloadSecretBlob (page.md)\n"),
        "{run}"
    );
    assert_eq!(
        checkout.changed_since(&before),
        [contract_of("DownloadSecretBlob")]
    );
    assert_eq!(checkout.xtask(&["generate", "--check"]).code, Some(0));
}

#[test]
fn a_page_whose_path_another_operation_has_is_refused() {
    let checkout = Checkout::small();
    let path = "/v1/{project_id}/secrets/checker/check";
    checkout.write(
        "page.md",
        CREATE_GADGET.replace("/v1/{project_id}/gadgets", path),
    );
    let finding = format!("CreateGadget: /paths: the page says \"POST {path}\", the spec says");
    checkout.assert_refuses(&["import", "page.md"], &[&finding]);
}

// Import: pages that are taken.

#[track_caller]
fn assert_drafted(checkout: &Checkout, id: &str, place: &str) {
    let spec = checkout.json(SPEC);
    let operation = spec.pointer(place).unwrap();
    assert_eq!(
        (&operation["operationId"], &operation["x-draft"]),
        (&json!(id), &json!(true))
    );
    assert_eq!(checkout.json(&contract_of(id))["operation_id"], id);
}

#[track_caller]
fn assert_imports(checkout: &Checkout, files: &[&str]) {
    let run = checkout.xtask(&[&["import"], files].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
}

/// A copy with the pages of both invented operations.
fn with_gadgets() -> Checkout {
    let checkout = Checkout::small();
    checkout.write("create.md", CREATE_GADGET);
    checkout.write("list.md", LIST_GADGETS);
    checkout
}

#[test]
fn a_new_page_becomes_a_contract_and_a_draft() {
    let checkout = with_gadgets();
    let before = checkout.tree();
    let run = checkout.xtask(&["import", "list.md"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    assert!(
        run.stdout.starts_with("new       ListGadgets (list.md)"),
        "{run}"
    );
    assert_eq!(
        checkout.changed_since(&before),
        [&contract_of("ListGadgets"), SPEC]
    );
    assert_eq!(
        checkout.text(&contract_of("ListGadgets")),
        LIST_GADGETS_CONTRACT
    );
    assert_drafted(&checkout, "ListGadgets", &format!("{GADGETS}/get"));
}

#[test]
fn a_new_page_changes_nothing_that_was_in_the_spec() {
    let checkout = with_gadgets();
    let before = checkout.json(SPEC);
    assert_imports(&checkout, &["create.md"]);
    let mut after = checkout.json(SPEC);
    for added in ["/paths", SCHEMAS] {
        let known = before.pointer(added).unwrap().as_object().unwrap();
        let found = after.pointer_mut(added).unwrap().as_object_mut().unwrap();
        assert!(found.len() > known.len());
        found.retain(|key, _| known.contains_key(key));
    }
    after["tags"]
        .as_array_mut()
        .unwrap()
        .retain(|tag| tag["name"] != "gadgets");
    assert_eq!(format!("{after:#}"), format!("{before:#}"));
}

#[test]
fn generate_names_every_draft_with_its_operation() {
    let checkout = with_gadgets();
    assert_imports(&checkout, &["create.md", "list.md"]);
    let drafts = [
        ("CreateGadget", format!("{GADGETS}/post")),
        ("CreateGadget", format!("{SCHEMAS}/CreateGadgetRequestBody")),
        (
            "CreateGadget",
            format!("{SCHEMAS}/CreateGadgetRequestBody/properties/parts"),
        ),
        ("CreateGadget", format!("{SCHEMAS}/Part/properties/label")),
        ("ListGadgets", format!("{GADGETS}/get")),
        (
            "ListGadgets",
            format!("{SCHEMAS}/GadgetList/properties/count"),
        ),
    ];
    let findings = drafts.map(|(id, place)| format!("error: {SPEC}: {id}: {place}/x-draft: the "));
    assert_all([
        checkout.refuses(&["generate"], &findings),
        checkout.refuses(&["generate", "--check"], &findings),
    ]);
}

#[test]
fn importing_the_same_page_again_changes_no_byte() {
    let checkout = with_gadgets();
    assert_imports(&checkout, &["create.md", "list.md"]);
    let before = checkout.tree();
    let run = checkout.xtask(&["import", "create.md", "list.md"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        run.stdout,
        "unchanged CreateGadget (create.md)\nunchanged ListGadgets (list.md)\n"
    );
    assert_eq!(checkout.changed_since(&before), Vec::<String>::new());
}

#[test]
fn a_stored_contract_is_imported_like_its_page() {
    let checkout = with_gadgets();
    assert_imports(&checkout, &["create.md"]);
    let contract = checkout.text(&contract_of("CreateGadget"));

    let checkout = Checkout::small();
    checkout.write("contract.json", &contract);
    assert_imports(&checkout, &["contract.json"]);
    assert_eq!(checkout.text(&contract_of("CreateGadget")), contract);
    assert_drafted(&checkout, "CreateGadget", &format!("{GADGETS}/post"));
}

/// Takes the mark of a draft from everything that a page has described.
fn approve(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("x-draft");
            map.values_mut().for_each(approve);
        }
        Value::Array(list) => list.iter_mut().for_each(approve),
        _ => {}
    }
}

#[test]
fn a_new_endpoint_is_generated_once_its_drafts_are_approved() {
    let checkout = with_gadgets();
    assert_imports(&checkout, &["create.md"]);
    let mut spec = checkout.json(SPEC);
    approve(&mut spec);
    checkout.write(SPEC, format!("{spec:#}\n"));
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
    let builders = checkout.text(&format!("{GENERATED}/builder.rs"));
    assert!(builders.contains("pub struct CreateGadget"));
    let types = checkout.text(&format!("{GENERATED}/types.rs"));
    assert!(types.contains("pub password: ::std::option::Option<crate::SecretText>"));
}

#[test]
fn a_new_field_on_a_known_page_is_drafted_and_nothing_else() {
    let checkout = Checkout::small();
    checkout.write("page.md", backup_page(&checkout, add_size));
    let place = format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/size");
    let draft =
        json!({"type": "integer", "format": "int64", "description": "说明。", "x-draft": true});
    let mut expected = checkout.json(SPEC);
    set(&place, draft).apply(&mut expected);
    let run = checkout.xtask(&["import", "page.md"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .contains("/responses/200/fields/size: is new (additive)\n"),
        "{run}"
    );
    assert_eq!(checkout.text(SPEC), format!("{expected:#}\n"));
    let finding = format!("DownloadSecretBlob: {place}/x-draft: the field size is a draft");
    checkout.assert_refuses(&["generate"], &[&finding]);
}

/// Adds a field to the answer of DownloadSecretBlob.
fn add_size(contract: &mut Value) {
    let field = json!({"name": "size", "type": "int64", "required": null});
    set("/responses/200/fields/-", field).apply(contract);
}

#[test]
fn warnings_are_denied_on_request() {
    let checkout = Checkout::small();
    let page = format!("{CREATE_GADGET}| 404 | Not found |\n");
    checkout.write("page.md", &page);
    let warning = format!(
        "page.md:{}: status 404 has no table",
        line_of(&page, "| 404")
    );
    let finding = format!("error: {warning}");
    checkout.assert_refuses(&["import", "--deny-warnings", "page.md"], &[&finding]);
    let run = checkout.xtask(&["import", "page.md"]);
    assert!(
        run.code == Some(0) && run.has_error(&format!("warning: {warning}")),
        "{run}"
    );
}

// Import: several files.

#[test]
fn bad_files_do_not_stop_the_good_ones_and_leave_no_trace() {
    let alone = with_gadgets();
    assert_imports(&alone, &["create.md", "list.md"]);

    let checkout = with_gadgets();
    let teapot = json!({"schema": "Teapot", "fields": [
        {"name": "short", "type": "string", "required": null},
    ]});
    let contradicting = backup_page(&checkout, |contract| {
        add_size(contract);
        set("/responses/418", teapot).apply(contract);
        set("/responses/200/fields/0/type", "int32").apply(contract);
    });
    checkout.write("contradicting.md", contradicting);
    checkout.write("cut.md", cut_after(CREATE_GADGET, "| parts | No"));
    let before = checkout.tree();
    let files = [
        "contradicting.md",
        "create.md",
        "cut.md",
        "missing.md",
        "list.md",
        "openapi",
    ];
    let run = checkout.xtask(&[&["import"], &files[..]].concat());
    assert_eq!(run.code, Some(1), "{run}");
    for bad in ["contradicting.md", "cut.md", "missing.md", "openapi"] {
        assert!(run.has_error(&format!("error: {bad}:")), "{bad}: {run}");
    }
    let written = [
        contract_of("CreateGadget"),
        contract_of("ListGadgets"),
        SPEC.to_owned(),
    ];
    assert_eq!(checkout.changed_since(&before), written);
    for file in written {
        assert_eq!(checkout.text(&file), alone.text(&file), "{file}");
    }
}

#[test]
fn two_pages_of_one_new_operation_must_agree() {
    let checkout = with_gadgets();
    let other = CREATE_GADGET.replace("| id | Long |", "| id | Boolean |");
    checkout.write("other.md", &other);
    let run = checkout.xtask(&["import", "create.md", "other.md"]);
    assert_eq!(run.code, Some(1), "{run}");
    let finding = format!(
        "error: other.md:{}: CreateGadget: ",
        line_of(&other, "| id")
    );
    assert!(run.has_error(&finding), "{run}");
    let contract = checkout.json(&contract_of("CreateGadget"));
    assert_eq!(contract["responses"]["201"]["fields"][0]["type"], "int64");
}

// Import: looking only.

#[test]
fn a_dry_run_prints_an_array_of_contracts_and_writes_nothing() {
    let checkout = with_gadgets();
    let before = checkout.tree();
    let run = checkout.xtask(&["import", "--dry-run", "create.md", "list.md"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    assert_eq!(checkout.changed_since(&before), Vec::<String>::new());
    assert_imports(&checkout, &["create.md", "list.md"]);
    let stored = ["CreateGadget", "ListGadgets"].map(|id| checkout.json(&contract_of(id)));
    assert_eq!(run.stdout, format!("{:#}\n", json!(stored)));
}

#[test]
fn a_dry_run_prints_an_array_for_one_page_and_for_none() {
    let checkout = with_gadgets();
    let run = checkout.xtask(&["import", "--dry-run", "list.md", "missing.md"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(
        run.has_error("error: missing.md:1: the file cannot be read"),
        "{run}"
    );
    let printed: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed.as_array().unwrap().len(), 1, "{run}");
    let run = checkout.xtask(&["import", "--dry-run", "missing.md"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), "[]\n"), "{run}");
}

#[test]
fn checking_a_page_that_equals_its_contract_finds_no_drift() {
    let checkout = Checkout::small();
    checkout.write("page.md", backup_page(&checkout, |_| {}));
    let before = checkout.tree();
    let run = checkout.xtask(&["import", "--check", "page.md"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    assert_eq!(run.stdout, "no drift: 1 file checked\n");
    assert_eq!(checkout.changed_since(&before), Vec::<String>::new());
}

#[test]
fn checking_a_page_lists_its_changes_with_their_lines() {
    let checkout = Checkout::small();
    let page = backup_page(&checkout, |contract| {
        add_size(contract);
        set("/title", "下载备份").apply(contract);
    });
    checkout.write("page.md", &page);
    let size = format!(
        "error: page.md:{}: DownloadSecretBlob: ",
        line_of(&page, "<p>size")
    );
    let property = format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/size");
    checkout.assert_refuses(
        &["import", "--check", "page.md"],
        &[
            "DownloadSecretBlob: /title: the page differs from its stored contract: ",
            &format!("{size}/responses/200/fields/size: the page differs from its stored contract"),
            &format!("{size}{property}: the page says \"int64\", the spec says nothing"),
        ],
    );
}

#[test]
fn checking_a_new_page_says_that_it_is_not_imported() {
    let finding = format!("{CONTRACTS}/ListGadgets.json does not exist; import the page");
    with_gadgets().assert_refuses(&["import", "--check", "list.md"], &[&finding]);
}

// Links that can't be read.

/// Every command must refuse a copy whose file has these bytes, or is missing.
fn every_command_refuses(file: &str, bytes: Option<&[u8]>, message: &str) -> Result<(), String> {
    let checkout = with_gadgets();
    match bytes {
        Some(bytes) => checkout.write(file, bytes),
        None => checkout.remove(file),
    }
    let finding = [format!("error: {file}{message}")];
    for command in [
        &["generate"][..],
        &["generate", "--check"],
        &["import", "list.md"],
        &["import", "--check", "list.md"],
    ] {
        let refused = checkout.refuses(command, &finding);
        refused.map_err(|failure| format!("{command:?}: {failure}"))?;
    }
    Ok(())
}

#[test]
fn a_spec_that_cannot_be_read_stops_every_command() {
    let deep = b"[".repeat(100_000);
    let cases: [(Option<&[u8]>, &str); 8] = [
        (None, ": can't be read"),
        (Some(b""), ":1: not JSON: EOF"),
        (Some(b"openapi: 3.0.3\n"), ":1: not JSON"),
        (
            Some(b"{\n\"openapi\": \"3.0.3\",\n\"paths\": {"),
            ":3: not JSON: EOF",
        ),
        (Some(b"[]\n"), ": an OpenAPI document is a JSON object"),
        (
            Some(b"\"openapi\"\n"),
            ": an OpenAPI document is a JSON object",
        ),
        (Some(b"{\"\xff\": 1}\n"), ": can't be read"),
        (Some(&deep), ":1: not JSON: recursion limit"),
    ];
    assert_all(cases.map(|(bytes, message)| every_command_refuses(SPEC, bytes, message)));
}

#[test]
fn corrections_that_cannot_be_read_stop_every_command() {
    let cases: [(Option<&[u8]>, &str); 6] = [
        (None, ": can't be read"),
        (Some(b""), ":1: not a list of corrections: EOF"),
        (Some(b"[\n{"), ":2: not a list of corrections: EOF"),
        (Some(b"{}"), ":1: not a list of corrections"),
        (
            Some(b"[{\n\"kind\": \"guess\"}]"),
            ":2: not a list of corrections: unknown variant",
        ),
        (
            Some(b"[{\n\"because\": 1}]"),
            ":2: not a list of corrections: unknown field",
        ),
    ];
    assert_all(cases.map(|(bytes, message)| every_command_refuses(CORRECTIONS, bytes, message)));
}

#[test]
fn a_contract_that_cannot_be_read_stops_every_command() {
    let message = ":2: not a contract: EOF";
    let file = contract_of("CheckSecrets");
    assert_all([every_command_refuses(&file, Some(b"{\n"), message)]);
}

#[test]
fn a_file_that_cannot_be_replaced_leaves_all_as_they_were() {
    let checkout = Checkout::small();
    for file in ["mod.rs", "builder.rs", "operations.rs"] {
        checkout.edit_text(&format!("{GENERATED}/{file}"), |text| {
            format!("{text}// By hand.\n")
        });
    }
    checkout.remove(&format!("{GENERATED}/types.rs"));
    checkout.write(&format!("{GENERATED}/types.rs/mod.rs"), "");
    let finding = format!("error: {GENERATED}/types.rs: can't be replaced");
    checkout.assert_refuses(&["generate"], &[&finding]);
}

// Generate: every error of lint.

/// `generate` must refuse each edit of a part of the spec, and name the operation and the place.
#[track_caller]
fn assert_lint<const N: usize>(id: &str, part: &str, cases: [(Edit, &str); N]) {
    let id = if id.is_empty() {
        String::new()
    } else {
        format!("{id}: ")
    };
    assert_refuses_each(
        &["generate"],
        (SPEC, part),
        &format!("error: {SPEC}: {id}{part}"),
        cases,
    );
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#{SCHEMAS}/{name}")})
}

/// A field that refers to a schema.
fn field_of(name: &str) -> Value {
    json!({"allOf": [reference(name)], "description": "Described."})
}

/// An object without fields.
fn object() -> Value {
    json!({"type": "object", "description": "Described.", "properties": {}})
}

#[test]
fn lint_of_the_version() {
    let message = "/openapi: the spec must be OpenAPI 3.0.x";
    assert_lint(
        "",
        "",
        [
            (set("/openapi", "3.1.0"), message),
            (rename("/openapi", "swagger"), message),
            (set("/openapi", 3.0), message),
        ],
    );
}

#[test]
fn lint_of_operation_ids() {
    let none = "/operationId: the operation has no operationId";
    assert_lint(
        "",
        CHECK,
        [
            (remove("/operationId"), none),
            (set("/operationId", ""), none),
            (set("/operationId", 1), none),
        ],
    );
    for id in [
        "DownloadSecretBlob",
        "downloadSecretBLOB",
        "download_secret_blob",
    ] {
        let message = format!("/operationId: operationId {id} is a duplicate of the one at /paths");
        assert_lint(id, CHECK, [(set("/operationId", id), &message)]);
    }
}

#[test]
fn lint_of_what_the_client_must_know_of_an_operation() {
    let no_repeat = "/x-safe-to-repeat: say true or false";
    let no_command = "/x-command: name the operation's command";
    let no_summary = "/summary: the operation has no summary";
    assert_lint(
        "CheckSecrets",
        CHECK,
        [
            (remove("/x-safe-to-repeat"), no_repeat),
            (set("/x-safe-to-repeat", "yes"), no_repeat),
            (remove("/x-command"), no_command),
            (set("/x-command", json!([])), no_command),
            (
                set("/x-command", json!(["event", "list"])),
                "/x-command: the command `event list` is taken by the one at /paths/",
            ),
            (
                set("/x-command", json!(["event"])),
                "/x-command: of the commands `event` and `event list`, the one at /paths/",
            ),
            (
                set("/x-command", json!(["event", "list", "all"])),
                "/x-command: of the commands `event list all` and `event list`, the one at",
            ),
            (
                set("/x-command", json!(["backup", "check"])),
                "/x-command: the command `backup` is written by hand",
            ),
            (
                set("/parameters/0/x-literal", 1),
                "/parameters/0/x-literal: x-literal is the text",
            ),
            (remove("/summary"), no_summary),
            (set("/summary", ""), no_summary),
            (
                set("/summary", "检测凭据"),
                "/summary: the summary of the operation is in Chinese",
            ),
        ],
    );
}

#[test]
fn lint_of_paging() {
    assert_lint(
        "ListSecretEvents",
        &format!("{LIST}/x-paging"),
        [
            (set("/in", "header"), "/in: must be"),
            (set("/style", "offset"), "/style: must be"),
            (
                set("/position", "cursor"),
                "/position: the request has no \"cursor\" to page by",
            ),
            (remove("/size"), "/size: the request has no \"\" to page by"),
            (
                set("/items", "/secrets"),
                "/items: the answer has no field \"/secrets\"",
            ),
            (remove("/next"), "/next: the answer has no field \"\""),
        ],
    );
}

#[test]
fn lint_of_parameters() {
    let mut other = json!({"in": "path", "name": "other", "required": true});
    other["description"] = json!("Described.");
    other["schema"] = json!({"type": "string"});
    let mut again = other.clone();
    again["name"] = json!("secret_name");
    let optional = "/post/parameters/1/required: a path parameter must have \"required\": true";
    assert_lint(
        "DownloadSecretBlob",
        BACKUP,
        [
            (
                remove("/post/parameters/1"),
                "/post/parameters: path parameter secret_name of /v1/{project_id}/secrets/{secret_",
            ),
            (
                set("/post/parameters/-", other.clone()),
                "/post/parameters/2: path parameter other is not in the path /v1/",
            ),
            (
                set("/parameters", json!([other])),
                "/parameters/0: path parameter other is not in the path /v1/",
            ),
            (
                set("/post/parameters/-", again),
                "/post/parameters/2: path parameter secret_name is declared twice",
            ),
            (set("/post/parameters/1/required", false), optional),
            (remove("/post/parameters/1/required"), optional),
        ],
    );
}

#[test]
fn lint_of_responses() {
    let other = json!({"description": "Other.", "content": {
        "application/json": {"schema": reference("ErrorRsp")},
    }});
    let no_success = "/responses: no 2xx response";
    assert_lint(
        "CheckSecrets",
        CHECK,
        [
            (
                set("/responses/default", other.clone()),
                "/responses/default: a default response",
            ),
            (remove("/responses/200"), no_success),
            (remove("/responses"), no_success),
            (
                set("/responses/202", other),
                "/responses: two success schemas",
            ),
        ],
    );
}

#[test]
fn lint_of_bodies() {
    for body in [
        "/requestBody/content",
        "/responses/200/content",
        "/responses/400/content",
    ] {
        assert_lint(
            "CheckSecrets",
            &format!("{CHECK}{body}"),
            [
                (
                    rename("/application~1json", "text/plain"),
                    "/text~1plain: text/plain is not supported",
                ),
                (
                    remove("/application~1json/schema"),
                    "/application~1json: the body has no schema",
                ),
                (
                    set("/application~1json/schema", json!({"type": "object"})),
                    "/application~1json/schema: a body's schema must be a $ref",
                ),
            ],
        );
    }
}

#[test]
fn lint_of_path_items() {
    assert_lint(
        "",
        BACKUP,
        [
            (rename("/post", "fetch"), "/fetch: fetch is no HTTP method"),
            (rename("/post", "POST"), "/POST: POST is no HTTP method"),
            (set("/$ref", "#/paths/~1"), "/$ref: $ref is no HTTP method"),
        ],
    );
}

#[test]
fn lint_of_names_of_schemas() {
    assert_lint(
        "",
        SCHEMAS,
        [
            (set("/Thing", object()), "/Thing: schema Thing is unused"),
            (
                set("/Thing", object()).and(set("/Thing/properties/next", field_of("Thing"))),
                "/Thing: schema Thing is unused",
            ),
        ],
    );
    let field = "/ErrorRsp/properties/extra";
    assert_lint(
        "DownloadSecretBlob",
        SCHEMAS,
        [
            (
                set("/error_rsp", object()).and(set(field, field_of("error_rsp"))),
                "/error_rsp: error_rsp and ErrorRsp both become the type ErrorRsp",
            ),
            (
                set("/1", object()).and(set(field, field_of("1"))),
                "/1: 1 is no name for a type",
            ),
        ],
    );
}

#[test]
fn lint_of_a_name_that_the_request_form_of_another_schema_takes() {
    let checkout = Checkout::whole();
    let field = format!("{SCHEMAS}/ErrorRsp/properties/extra");
    let taken = set(format!("{SCHEMAS}/NotificationRequest"), object());
    checkout.edit(
        SPEC,
        &taken.and(set(field, field_of("NotificationRequest"))),
    );
    checkout.assert_refuses(&["generate"], &["both become the type NotificationRequest"]);
}

#[test]
fn lint_of_what_schemas_hold() {
    let with = |mut schema: Value| {
        schema["description"] = json!("Described.");
        set("/extra", schema)
    };
    let values = json!({"type": "string", "enum": ["a"]});
    let two = json!({"allOf": [reference("SecretText"), reference("SecretText")]});
    assert_lint(
        "DownloadSecretBlob",
        &format!("{SCHEMAS}/ErrorRsp/properties"),
        [
            (with(values.clone()), "/extra/enum: an inline enum"),
            (
                with(json!({"type": "array", "items": values})),
                "/extra/items/enum: an inline enum",
            ),
            (
                with(json!({"type": "object", "additionalProperties": values})),
                "/extra/additionalProperties/enum: an inline enum",
            ),
            (
                with(json!({"type": "object", "properties": {}})),
                "/extra/properties: an inline object",
            ),
            (
                with(json!({"oneOf": [{"type": "string"}]})),
                "/extra/oneOf: oneOf becomes",
            ),
            (
                with(json!({"anyOf": [{"type": "string"}]})),
                "/extra/anyOf: anyOf becomes",
            ),
            (with(two), "/extra/allOf: allOf may hold exactly one $ref"),
            (
                with(json!({"allOf": []})),
                "/extra/allOf: allOf may hold exactly one $ref",
            ),
        ],
    );
    assert_lint(
        "ListSecretEvents",
        LIST,
        [(
            set("/parameters/1/schema/enum", json!(["1"])),
            "/parameters/1/schema/enum: an inline enum",
        )],
    );
}

#[test]
fn lint_of_sensitive_fields() {
    let text = json!({"type": "string", "description": "Described."});
    for field in SENSITIVE_STRINGS {
        let part = format!("{SCHEMAS}/ErrorRsp/properties/{field}");
        let message = format!(": field {field} is sensitive: refer to SecretText");
        let cases = [
            (set("", text.clone()), message.as_str()),
            (set("", field_of("ErrorRsp")), message.as_str()),
        ];
        assert_lint("DownloadSecretBlob", &part, cases);
    }
    for body in ["CheckSecretsRequestBody", "CheckSecretsResponseBody"] {
        assert_lint(
            "CheckSecrets",
            &format!("{SCHEMAS}/{body}/properties/data"),
            [(
                set("", json!({"type": "object", "description": "Described."})),
                ": field data is sensitive: refer to SecretJson",
            )],
        );
    }
}

#[test]
fn lint_of_descriptions() {
    let body = format!("{SCHEMAS}/CheckSecretsRequestBody");
    let subjects = [
        ("CheckSecrets", CHECK, "operation"),
        (
            "CheckSecrets",
            &format!("{CHECK}/parameters/0"),
            "path parameter project_id",
        ),
        (
            "ListSecretEvents",
            &format!("{LIST}/parameters/1"),
            "query parameter limit",
        ),
        ("CheckSecrets", &body, "schema"),
        (
            "CheckSecrets",
            &format!("{body}/properties/type"),
            "field type",
        ),
        (
            "ListSecretEvents",
            &format!("{SCHEMAS}/EventState"),
            "schema",
        ),
    ];
    for (id, part, subject) in subjects {
        let none = format!("/description: the {subject} has no description");
        let empty = format!("/description: the {subject} has an empty description");
        let draft = format!("/x-draft: the {subject} is a draft");
        let chinese = format!("/description: the description of the {subject} is in Chinese");
        assert_lint(
            id,
            part,
            [
                (remove("/description"), &none),
                (set("/description", 5), &none),
                (set("/description", " \n"), &empty),
                (set("/x-draft", true), &draft),
                (set("/description", "The 名称."), &chinese),
                (set("/description", "The name。"), &chinese),
            ],
        );
    }
}

#[test]
fn lint_of_references_of_schemas() {
    let gone = "/extra/allOf/0: $ref to nothing: #/components/schemas/Gone";
    let list = json!({"type": "array", "description": "D.", "items": reference("Gone")});
    let elsewhere = json!({"description": "D.", "allOf": [{"$ref": "other.json#/Thing"}]});
    let mut beside = reference("SecretText");
    beside["description"] = json!("D.");
    assert_lint(
        "DownloadSecretBlob",
        &format!("{SCHEMAS}/ErrorRsp/properties"),
        [
            (set("/extra", field_of("Gone")), gone),
            (
                set("/extra", list),
                "/extra/items: $ref to nothing: #/components/schemas/Gone",
            ),
            (
                set("/extra", elsewhere),
                "/extra/allOf/0: $ref to nothing: other.json#/Thing",
            ),
            (
                set("/extra", beside),
                "/extra: what stands beside $ref is ignored",
            ),
        ],
    );
}

#[test]
fn lint_of_references_of_operations() {
    let to = |kind: &str| json!({"$ref": format!("#/components/{kind}/Gone")});
    let schema = "/responses/400/content/application~1json/schema";
    assert_lint(
        "CheckSecrets",
        CHECK,
        [
            (
                set(schema, to("schemas")),
                "/responses/400/content/application~1json/schema: $ref to nothing: #/",
            ),
            (
                set("/responses/400", to("responses")),
                "/responses/400: $ref to nothing: #/",
            ),
            (
                set("/requestBody", to("requestBodies")),
                "/requestBody: $ref to nothing: #/",
            ),
            (
                set("/parameters/-", to("parameters")),
                "/parameters/1: $ref to nothing: #/",
            ),
        ],
    );
}

#[test]
fn lint_reports_everything_at_once() {
    let checkout = Checkout::small();
    let edit = remove(format!("{CHECK}/description"))
        .and(set(format!("{CHECK}/operationId"), "DownloadSecretBlob"))
        .and(remove(format!("{SCHEMAS}/EventState/description")))
        .and(set(format!("{SCHEMAS}/Thing"), object()));
    checkout.edit(SPEC, &edit);
    checkout.assert_refuses(
        &["generate"],
        &[
            "the operation has no description",
            "operationId DownloadSecretBlob is a duplicate",
            "the schema has no description",
            "schema Thing is unused",
        ],
    );
}

#[test]
fn a_document_that_is_not_openapi_is_refused() {
    let nameless = json!({"in": "query", "description": "D.", "schema": {"type": "string"}});
    let placeless = json!({"name": "q", "description": "D.", "schema": {"type": "string"}});
    let typeless = json!({"in": "query", "name": "q", "description": "D."});
    let parameters = format!("{LIST}/parameters/-");
    let types = format!("{SCHEMAS}/ErrorRsp/properties/error_msg/type");
    let no_schemas = remove(SCHEMAS);
    let edits = [
        remove("/info"),
        remove("/paths").and(no_schemas.clone()),
        set("/paths", json!([])).and(no_schemas),
        remove(format!("{LIST}/responses/404/description")),
        set(&parameters, nameless),
        set(&parameters, placeless),
        set(&parameters, typeless),
        set(&parameters, "q"),
        set(types, json!(["string", "null"])),
    ];
    let cases = edits.map(|edit| (edit, "not a valid OpenAPI document: "));
    assert_refuses_each(&["generate"], (SPEC, ""), "", cases);
}

// Generate: what lint does not foresee.

/// `generate --check` must refuse each edit of a part of the spec, and name the operation.
#[track_caller]
fn assert_blamed<const N: usize>(id: &str, part: &str, edits: [Edit; N]) {
    let cases = edits.map(|edit| (edit, ""));
    let start = format!("error: {SPEC}: {id}: /");
    assert_refuses_each(&["generate", "--check"], (SPEC, part), &start, cases);
}

#[test]
fn a_parameter_that_cannot_be_sent_is_blamed_on_its_operation() {
    let query = |name: &str, key: &str, value: Value| {
        let mut parameter = json!({"in": "query", "name": name, "description": "D."});
        parameter["schema"] = json!({"type": "string"});
        parameter[key] = value;
        set("/parameters/-", parameter)
    };
    assert_blamed(
        "ListSecretEvents",
        LIST,
        [
            query("q", "in", json!("cookie")),
            query("q", "style", json!("deepObject")),
            query("q", "style", json!("spaceDelimited")),
            query("q", "style", json!("pipeDelimited")),
            query("q", "schema", reference("Notification")),
            rename("/parameters/1/schema", "content")
                .and(set("/parameters/1/content", json!({"text/plain": {}}))),
            query("project_id", "required", json!(false)),
            query("projectId", "required", json!(false)),
            query("send", "required", json!(false)),
            query("", "required", json!(false)),
        ],
    );
    assert_blamed(
        "DownloadSecretBlob",
        &format!("{BACKUP}/post/parameters/1"),
        [
            set("/style", "label"),
            set("/style", "matrix"),
            set(
                "/schema",
                json!({"type": "array", "items": {"type": "string"}}),
            ),
            rename("/schema", "content").and(set("/content", json!({"text/plain": {}}))),
        ],
    );
}

#[test]
fn a_path_that_cannot_be_filled_is_blamed_on_its_operation() {
    let path = |path: &str| rename("/~1v1~1{project_id}~1csms~1events", path);
    assert_blamed(
        "ListSecretEvents",
        "/paths",
        [
            path("/v1/{project_id}/csms/{events"),
            path("/v1/{project_id}/csms/events}"),
            path("/v1/{project_id}/{}/events"),
            path("/v1/{project_id}/{project_id}/events"),
            path("v1/{project_id}/csms/events"),
            path("/v1/{project_id}/csms/events?all=true"),
        ],
    );
}

#[test]
fn a_schema_that_has_no_type_is_blamed_on_its_operation() {
    let within = format!("#{SCHEMAS}/ErrorRsp/properties/error_msg");
    let schemas = [
        json!({"description": "D.", "not": {"type": "string"}}),
        json!({"description": "D.", "type": "text"}),
        json!({"description": "D.", "type": "null"}),
        json!({"description": "D.", "type": "boolean", "format": "bit"}),
        json!({"description": "D.", "allOf": [{"$ref": within}]}),
        json!({"description": "D.", "allOf": [{"$ref": "#/info"}]}),
    ];
    let edits = schemas.map(|schema| set("/extra", schema));
    let answered = format!("{SCHEMAS}/Event/properties");
    assert_blamed("ListSecretEvents", &answered, edits.clone());
    let failed = format!("{SCHEMAS}/ErrorRsp/properties");
    assert_blamed("DownloadSecretBlob", &failed, edits);
}

#[test]
fn an_object_whose_fields_make_no_struct_is_blamed_on_its_operation() {
    let text = json!({"type": "string", "description": "D."});
    assert_blamed(
        "CheckSecrets",
        &format!("{SCHEMAS}/CheckSecretsRequestBody"),
        [
            set("/properties/Type", text.clone()),
            set("/required/-", "unknown"),
            set("/additionalProperties", text),
        ],
    );
}

#[test]
fn a_body_that_is_no_object_is_blamed_on_its_operation() {
    let sent = "/requestBody/content/application~1json/schema";
    let found = "/responses/200/content/application~1json/schema";
    let list = json!({"type": "array", "description": "D.", "items": reference("ErrorRsp")});
    let unused = |name: &str| remove(format!("{SCHEMAS}/{name}"));
    let sends = |name| set(format!("{CHECK}{sent}"), reference(name));
    let finds = |name| set(format!("{CHECK}{found}"), reference(name));
    let listed = set(format!("{SCHEMAS}/List"), list);
    assert_blamed(
        "CheckSecrets",
        "",
        [
            sends("SecretText").and(unused("CheckSecretsRequestBody")),
            finds("SecretText").and(unused("CheckSecretsResponseBody")),
            sends("List")
                .and(listed.clone())
                .and(unused("CheckSecretsRequestBody")),
            finds("List")
                .and(listed)
                .and(unused("CheckSecretsResponseBody")),
        ],
    );
}

#[test]
fn a_schema_that_never_ends_is_blamed_on_its_operation() {
    let field = set("/ErrorRsp/properties/extra", field_of("Loop"));
    let list = json!({"type": "array", "description": "D.", "items": reference("Loop")});
    let mut map = object();
    map["additionalProperties"] = reference("Loop");
    remove("/properties").apply(&mut map);
    assert_blamed(
        "DownloadSecretBlob",
        SCHEMAS,
        [
            set("/Loop", list).and(field.clone()),
            set("/Loop", map).and(field.clone()),
            set("/Loop", field_of("Loop")).and(field.clone()),
            set("/Loop", field_of("Pool"))
                .and(set("/Pool", field_of("Loop")))
                .and(field),
        ],
    );
}

#[test]
fn an_object_that_holds_itself_is_generated() {
    let checkout = Checkout::small();
    let node = set("/Node", object()).and(set("/Node/properties/next", field_of("Node")));
    let field = set("/Event/properties/node", field_of("Node"));
    checkout.edit(SPEC, &node.and(field).within(SCHEMAS));
    let documented = json!({"name": "node", "type": "Node", "required": null, "fields": [
        {"name": "next", "type": "Node", "required": null, "recursive": true},
    ]});
    let fields = "/responses/200/fields/0/fields/-";
    checkout.edit(&contract_of("ListSecretEvents"), &set(fields, documented));
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
}

#[test]
fn a_schema_name_that_rust_does_not_take_is_blamed_on_its_operation() {
    let schema = format!("{BACKUP}/post/responses/200/content/application~1json/schema");
    let old = format!("{SCHEMAS}/DownloadSecretBlobResponseBody");
    let renamed = |name: &str| rename(&old, name).and(set(&schema, reference(name)));
    assert_blamed(
        "DownloadSecretBlob",
        "",
        [renamed("1"), renamed("-"), renamed("Self")],
    );
}

#[test]
fn an_operation_id_that_rust_does_not_take_is_blamed_on_its_operation() {
    assert_all(["1Backup", "--", "Self"].map(|id| {
        let checkout = Checkout::small();
        let contract = checkout.text(&contract_of("DownloadSecretBlob"));
        checkout.remove(&contract_of("DownloadSecretBlob"));
        let contract = contract.replace("\"DownloadSecretBlob\"", &format!("\"{id}\""));
        checkout.write(&contract_of(id), contract);
        checkout.edit(SPEC, &set(format!("{BACKUP}/post/operationId"), id));
        checkout.refuses(
            &["generate"],
            &[format!("error: {SPEC}: {id}: {BACKUP}/post")],
        )
    }));
}

#[test]
fn an_enumeration_of_numbers_is_blamed_on_its_operation() {
    let edit = set("/EventState/enum", json!([1, 2]));
    assert_blamed("ListSecretEvents", SCHEMAS, [edit]);
}

#[test]
fn enumerated_values_that_are_no_names_become_variants() {
    let values = |values: Value| set("/enum", values);
    let names = |names: Value| set("/x-enum-varnames", names);
    let edits = [
        values(json!(["ENABLED", null])),
        values(json!(["ON-LINE", "ON_LINE"])),
        values(json!(["开", "关"])),
        values(json!(["", "1", "a b"])),
        values(json!(["self", "type"])),
        values(json!(["unknown", "other"])),
        names(json!(["On line", "Off"])),
        names(json!(["", "1"])),
        names(json!(["On"])),
    ];
    assert_all(edits.map(|edit| {
        let checkout = Checkout::small();
        checkout.edit(SPEC, &edit.clone().within(&format!("{SCHEMAS}/EventState")));
        let run = checkout.xtask(&["generate"]);
        let variants = checkout.text(&format!("{GENERATED}/enumerations.rs"));
        let is_well = run.code == Some(0) && !variants.contains(" Self =>");
        is_well
            .then_some(())
            .ok_or(format!("{edit:?}: {run}{variants}"))
    }));
}

#[test]
fn odd_schemas_that_have_a_type_are_generated() {
    let deep = |inner, _| json!({"type": "array", "items": inner});
    let fields = [
        json!({"type": "object", "additionalProperties": false}),
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {}}),
        json!({"type": "string", "format": "unheard-of", "pattern": "(["}),
        json!({"type": "integer", "format": "int128"}),
        json!({"type": "integer", "minimum": 1, "maximum": 0, "default": "none"}),
        json!({"type": "number", "format": "decimal"}),
        json!({"type": "array"}),
        (0..30).fold(json!({"type": "string"}), deep),
    ];
    assert_all(fields.map(|mut field| {
        let checkout = Checkout::small();
        field["description"] = json!("*/ \" \\ ``` {}\n\n    let x = 1;\r\n");
        checkout.edit(
            SPEC,
            &set(format!("{SCHEMAS}/Event/properties/extra"), field),
        );
        let finding = format!("error: {GENERATED}/types.rs: differs from what the spec generates");
        checkout.refuses(&["generate", "--check"], &[finding])
    }));
}

// The command line.

#[test]
fn usage_errors_have_the_code_2() {
    let checkout = Checkout::small();
    let before = checkout.tree();
    for arguments in [
        &[][..],
        &["--unknown"],
        &["unknown"],
        &["generate", "--unknown"],
        &["generate", "file"],
        &["import"],
        &["import", "--dry-run", "--check", "page.md"],
    ] {
        let run = checkout.xtask(arguments);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {run}"
        );
        assert!(run.has_error("Usage: cargo xtask"), "{arguments:?}: {run}");
    }
    assert_eq!(checkout.changed_since(&before), Vec::<String>::new());
}

#[test]
fn help_names_the_commands() {
    let run = Checkout::small().xtask(&["--help"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout.contains("import") && run.stdout.contains("generate"),
        "{run}"
    );
}

#[test]
fn commands_work_from_a_folder_within() {
    let checkout = with_gadgets();
    let folder = checkout.path(CONTRACTS);
    let run = xtask(&folder, &["generate", "--check"]);
    assert_eq!(run.code, Some(0), "{run}");
    let run = xtask(&folder, &["import", "../../list.md"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert_drafted(&checkout, "ListGadgets", &format!("{GADGETS}/get"));
}

#[test]
fn commands_outside_a_workspace_say_so() {
    let checkout = with_gadgets();
    checkout.remove("Cargo.toml");
    let message = ": no Cargo workspace here or above; run this within the project";
    assert_all([
        checkout.refuses(&["generate"], &[message]),
        checkout.refuses(&["generate", "--check"], &[message]),
        checkout.refuses(&["import", "list.md"], &[message]),
        checkout.refuses(&["import", "--check", "list.md"], &[message]),
    ]);
    let run = checkout.xtask(&["import", "--dry-run", "list.md"]);
    assert_eq!(run.code, Some(0), "{run}");
}
