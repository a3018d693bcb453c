#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::types::Type;
use super::{PageError, read, read_contract, read_file};

const REPO_ZH: &str = include_str!("fixtures/repo-zh.md");
const REPO_EN: &str = include_str!("fixtures/repo-en.md");
const SITE_ZH: &str = include_str!("fixtures/site-zh.md");
const SITE_EN: &str = include_str!("fixtures/site-en.md");

const LIST: &str = "# Listing Widgets - ListWidgets
#### Function
Lists widgets.

#### URI
GET /v1/{project_id}/widgets

Table 1 Path Parameters
| Parameter | Mandatory | Type | Description |
|:---|:---|:---|:---|
| project_id | Yes | String | The project. |

#### Request Parameters
None

#### Response Parameters
**Status code: 200**

Table 2 Response body parameters
| Parameter | Type | Description |
|:---|:---|:---|
| count | Integer | How many. |

#### Example Requests
None

#### Example Responses
**Status code: 200**

```
{ \"count\": 1 }
```

#### Status Codes
| Status Code | Description |
|:---|:---|
| 200 | OK |
";

/// `LIST` with one piece replaced.
fn list_with(old: &str, new: &str) -> String {
    assert_eq!(LIST.matches(old).count(), 1, "{old}");
    LIST.replace(old, new)
}

fn facts(text: &str) -> Value {
    serde_json::to_value(read(text).unwrap().contract).unwrap()
}

fn warnings(text: &str) -> Vec<String> {
    let page = read(text).unwrap();
    page.warnings
        .into_iter()
        .map(|warning| format!("{}: {}", warning.line, warning.message))
        .collect()
}

/// The one warning of a page.
fn warning(text: &str) -> String {
    let mut warnings = warnings(text);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    warnings.remove(0)
}

fn assert_warns(text: &str, line: usize, part: &str) {
    let warnings = warnings(text);
    let start = format!("{line}: ");
    assert!(
        warnings
            .iter()
            .any(|w| w.starts_with(&start) && w.contains(part)),
        "{line}: {part}\n{warnings:#?}"
    );
}

fn error(text: &str) -> PageError {
    read(text).unwrap_err()
}

fn body_row(row: &str) -> String {
    list_with("| count | Integer | How many. |", row)
}

/// The fields of the answer 200.
fn answer(text: &str) -> Value {
    facts(text)["responses"]["200"]["fields"].clone()
}

fn anonymous(mut facts: Value) -> Value {
    facts["title"] = Value::Null;
    facts["request_body"]["schema"] = Value::Null;
    for body in facts["responses"]
        .as_object_mut()
        .unwrap()
        .values_mut()
        .filter(|body| body.is_object())
    {
        body["schema"] = Value::Null;
    }
    facts
}

// Dialects.

#[test]
fn a_page_gives_its_facts() {
    let error = |schema: &str| json!({"schema": schema, "fields": [{"name": "error_msg", "type": "string", "required": null}]});
    let expected = json!({
        "operation_id": "CreateWidget",
        "title": "创建部件",
        "method": "POST",
        "path": "/v1/{project_id}/widgets/{shelf_id}",
        "parameters": [
            {"in": "path", "name": "shelf_id", "type": "string", "required": true},
            {"in": "path", "name": "project_id", "type": "string", "required": true},
            {"in": "query", "name": "dry_run", "type": "boolean", "required": false},
            {"in": "header", "name": "X-Auth-Token", "type": "string", "required": true},
        ],
        "request_body": {"schema": "CreateWidgetRequestBody", "fields": [
            {"name": "name", "type": "string", "required": true},
            {"name": "parts", "type": "array<Part>", "required": false, "fields": [
                {"name": "label", "type": "string", "required": true},
            ]},
        ]},
        "responses": {
            "201": {"schema": "WidgetResponse", "fields": [
                {"name": "id", "type": "string", "required": null},
                {"name": "parts", "type": "array<Part>", "required": null, "fields": [
                    {"name": "label", "type": "string", "required": null},
                    {"name": "weight", "type": "int64", "required": null},
                ]},
                {"name": "labels", "type": "map<string>", "required": null},
            ]},
            "204": null,
            "400": error("Error"),
            "404": error("Error"),
        },
        "examples": {
            "request": [{"name": "w", "parts": [{"label": "a"}]}],
            "responses": {"201": [{"id": "1", "parts": null, "labels": {"k": "v"}}]},
        },
    });
    assert_eq!(facts(REPO_ZH), expected);
}

#[test]
fn every_dialect_gives_the_same_facts() {
    for page in [REPO_EN, SITE_ZH, SITE_EN] {
        assert_eq!(anonymous(facts(page)), anonymous(facts(REPO_ZH)));
    }
}

#[test]
fn a_good_page_has_no_warnings() {
    for page in [REPO_ZH, REPO_EN, SITE_ZH, SITE_EN, LIST] {
        assert_eq!(warnings(page), Vec::<String>::new());
    }
}

#[test]
fn a_page_without_anchors_has_no_schema_names() {
    assert_eq!(facts(SITE_EN)["request_body"]["schema"], Value::Null);
}

#[test]
fn byte_order_mark_and_windows_line_ends_change_nothing() {
    let windows = format!("\u{feff}{}", REPO_ZH.replace('\n', "\r\n"));
    assert_eq!(facts(&windows), facts(REPO_ZH));
    assert_eq!(
        warnings(&format!(
            "\u{feff}{}",
            body_row("| count | Thing | x |").replace('\n', "\r\n")
        )),
        warnings(&body_row("| count | Thing | x |"))
    );
}

#[test]
fn words_of_the_page_are_kept_with_their_lines() {
    let contract = read(REPO_ZH).unwrap().contract;
    assert_eq!(
        (contract.origin.line, contract.origin.text.as_str()),
        (5, "创建一个部件。 部件名称_不可重复。")
    );
    assert_eq!(contract.statuses["204"].text, "无内容");
    let shelf = &contract.parameters[0].origin;
    assert_eq!(
        (shelf.line, shelf.text.as_str()),
        (30, r"架子ID，满足正则 ^[a-z]{1,3}\d(?<!9)$。")
    );
    assert_eq!(contract.parameters[3].origin.text, "用户Token。 一 二");
    let list = read(LIST).unwrap().contract;
    assert_eq!(list.statuses["200"].line, 37);
    assert_eq!(
        list.responses["200"].as_ref().unwrap().fields[0]
            .origin
            .line,
        22
    );
}

// Title, operation id, request line.

#[test]
fn a_page_that_names_no_operation_has_none() {
    let text = list_with("Listing Widgets - ListWidgets", "Listing Widgets");
    assert_eq!(facts(&text)["operation_id"], Value::Null);
    assert!(warning(&text).starts_with("1: neither"));
}

#[test]
fn the_explorer_link_may_have_more_keys() {
    let link = "[API Explorer](https://apiexplorer.example.com/apiexplorer/doc?product=W&api=ListAll&version=v2#x)";
    let text = list_with("Listing Widgets - ListWidgets", "Listing Widgets")
        .replace("Lists widgets.", link);
    assert_eq!(facts(&text)["operation_id"], "ListAll");
}

#[test]
fn link_and_title_that_disagree_are_reported() {
    let link = "[API Explorer](https://apiexplorer.example.com/doc?api=ListAll)";
    let text = list_with("Lists widgets.", link);
    assert_eq!(facts(&text)["operation_id"], "ListAll");
    assert_eq!(facts(&text)["title"], "Listing Widgets - ListWidgets");
    assert!(warning(&text).contains("the link counts"));
}

#[test]
fn a_title_loses_its_escapes_and_entities() {
    let text = list_with(
        "# Listing Widgets - ListWidgets",
        "# A\\_B &lt;C&gt; <a name=\"x\"></a>- ListWidgets",
    );
    assert_eq!(facts(&text)["title"], "A_B <C>");
}

#[test]
fn the_request_line_is_found_in_many_forms() {
    for line in [
        "GET https://{endpoint}/v1/{project_id}/widgets",
        "`GET /v1/{project_id}/widgets`",
        "**GET** /v1/\\{project\\_id\\}/widgets",
        "The URI is below.\n\n```\nGET /v1/{project_id}/widgets\n```",
        "- Format\n\n    GET /v1/{project_id}/widgets",
        "    GET /v1/\\{project\\_id\\}/widgets",
        "<p>GET /v1/{project_id}/widgets</p>",
        "GET /v1/{project_id}/widgets。",
    ] {
        let text = list_with("GET /v1/{project_id}/widgets", line);
        let facts = facts(&text);
        assert_eq!(
            (&facts["method"], &facts["path"]),
            (&json!("GET"), &json!("/v1/{project_id}/widgets")),
            "{line}"
        );
        assert_eq!(warnings(&text), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_query_string_is_no_part_of_the_path() {
    let text = list_with("/widgets\n", "/widgets?limit={limit}\n");
    assert_eq!(facts(&text)["path"], "/v1/{project_id}/widgets");
    assert!(warning(&text).starts_with("6: `limit` is in the query"));
}

#[test]
fn a_request_example_gives_no_request_line() {
    let text = list_with("GET /v1/{project_id}/widgets", "see below").replace(
        "#### Example Requests\nNone",
        "#### Example Requests\n```\nGET /v1/x\n```",
    );
    let error = error(&text);
    assert_eq!(error.line, 5);
    assert!(error.message.contains("no request line"));
}

#[test]
fn path_and_its_table_must_agree() {
    let text = list_with("| project_id | Yes", "| domain_id | Yes");
    assert_warns(&text, 6, "`{project_id}` is in the path and in no table");
    assert_warns(
        &text,
        11,
        "`domain_id` is a path parameter by its table and not in the path",
    );
}

#[test]
fn two_request_lines_are_reported() {
    assert_warns(
        &list_with("/widgets\n", "/widgets\nGET /v2/all\n"),
        7,
        "`GET /v2/all`: the first counts",
    );
}

#[test]
fn two_operations_on_one_page_are_an_error() {
    let text = format!("{LIST}\n{LIST}");
    assert!(error(&text).message.contains("a second URI section"));
}

// Parameters.

#[test]
fn parameters_come_as_path_query_header_in_rows_order() {
    let header = "Table 9 Request header parameters\n| Parameter | Mandatory | Type |\n|---|---|---|\n| X-B | Yes | String |\n| X-A | No | String |\n";
    let query = "Table 8 Query Parameters\n| Parameter | Mandatory | Type |\n|---|---|---|\n| limit | No | Integer |\n";
    let text = list_with(
        "None\n\n#### Response",
        &format!("{header}\n{query}\n#### Response"),
    );
    let facts = facts(&text);
    let names: Vec<&str> = facts["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["project_id", "limit", "X-B", "X-A"]);
}

#[test]
fn columns_are_known_by_their_names_and_not_their_places() {
    let text = list_with(
        "| Parameter | Mandatory | Type | Description |",
        "| Description | Data Type | Required | Name |",
    )
    .replace(
        "| project_id | Yes | String | The project. |",
        "| The project. | string | M | project_id |",
    );
    let expected =
        json!([{"in": "path", "name": "project_id", "type": "string", "required": true}]);
    assert_eq!(facts(&text)["parameters"], expected);
    assert_eq!(
        read(&text).unwrap().contract.parameters[0].origin.text,
        "The project."
    );
}

#[test]
fn what_is_mandatory_has_many_words() {
    let cases = [
        ("Y", json!(true)),
        ("必选", json!(true)),
        ("true", json!(true)),
        ("N", json!(false)),
        ("可选", json!(false)),
        ("O", json!(false)),
    ];
    for (word, expected) in cases {
        let text = list_with("| Yes |", &format!("| {word} |"));
        assert_eq!(
            facts(&text)["parameters"][0]["required"],
            expected,
            "{word}"
        );
        assert_eq!(warnings(&text), Vec::<String>::new());
    }
}

#[test]
fn a_condition_after_the_word_changes_nothing() {
    let text = list_with("| Yes |", "| 否，该参数与url二选一 |");
    assert_eq!(facts(&text)["parameters"][0]["required"], false);
}

#[test]
fn unclear_words_of_mandatory_are_unknown() {
    for word in ["条件必选", "-", "Conditional"] {
        let text = list_with("| Yes |", &format!("| {word} |"));
        assert_eq!(facts(&text)["parameters"][0]["required"], Value::Null);
        assert!(warning(&text).starts_with("11: whether `project_id` is mandatory"));
    }
}

#[test]
fn a_table_without_the_column_leaves_mandatory_unknown() {
    assert_eq!(answer(LIST)[0]["required"], Value::Null);
}

#[test]
fn a_table_of_the_uri_may_mix_path_and_query() {
    let text = list_with("Table 1 Path Parameters", "表1 参数说明").replace(
        "| The project. |\n",
        "| The project. |\n| limit | No | Integer | x |\n",
    );
    assert_eq!(facts(&text)["parameters"][1]["in"], "query");
    assert_warns(&text, 12, "taken as a parameter of the query");
}

#[test]
fn headers_of_answers_are_no_body() {
    for caption in [
        "Table 5 Response header parameters",
        "表5 响应Header参数",
        "表5 响应消息头",
    ] {
        let table = format!(
            "{caption}\n| Parameter | Type |\n|---|---|\n| X-Request-Id | String |\n\nTable 2 Response"
        );
        let text = list_with("Table 2 Response", &table);
        assert_eq!(facts(&text), facts(LIST), "{caption}");
    }
}

#[test]
fn a_form_is_reported_and_no_body() {
    let form = "Table 5 FormData parameters\n| Parameter | Mandatory | Type |\n|---|---|---|\n| file | Yes | String |\n";
    let text = list_with("None\n\n#### Response", &format!("{form}\n#### Response"));
    assert_eq!(facts(&text)["request_body"], Value::Null);
    assert!(warning(&text).contains("multipart/form-data"));
}

#[test]
fn a_parameter_twice_counts_once() {
    let row = "| project_id | Yes | String | The project. |\n";
    let text = list_with(row, &format!("{row}{row}"));
    assert_eq!(facts(&text)["parameters"], facts(LIST)["parameters"]);
    assert!(warning(&text).starts_with("12: `project_id` stands twice"));
}

// Types.

#[test]
fn types_have_one_notation() {
    for (text, expected) in [
        ("String", "string"),
        ("integer", "int32"),
        ("Long", "int64"),
        ("BOOLEAN", "boolean"),
        ("Float", "float"),
        ("Double", "double"),
        ("Object", "object"),
        ("Date", "date"),
        ("DateTime", "date-time"),
        ("Date-time", "date-time"),
        ("Array of strings", "array<string>"),
        ("Array of integers", "array<int32>"),
        ("Array of longs", "array<int64>"),
        ("array of booleans", "array<boolean>"),
        ("Array of objects", "array<object>"),
        ("Array of Part objects", "array<Part>"),
        ("Part object", "Part"),
        ("Part Object", "Part"),
        ("Array<String>", "array<string>"),
        ("List<Part>", "array<Part>"),
        ("String[]", "array<string>"),
        ("Array of Array of strings", "array<array<string>>"),
        ("Map<String,Part>", "map<Part>"),
        ("Map<String, Object>", "map<object>"),
        ("Map<String,String>", "map<string>"),
        ("Map<String,Array<Part>>", "map<array<Part>>"),
        ("Array of Map<String,String> objects", "array<map<string>>"),
        ("Map<String,Array of Part objects>", "map<array<Part>>"),
    ] {
        let kind = Type::read(text);
        assert_eq!(
            (kind.to_string().as_str(), kind.is_known()),
            (expected, true),
            "{text}"
        );
    }
}

#[test]
fn unknown_types_are_kept_and_reported() {
    for text in [
        "Number",
        "File",
        "Array of arrays",
        "Array",
        "Map<Integer,String>",
        "String or Integer",
        "Date object",
        "Map<String",
    ] {
        let kind = Type::read(text);
        assert_eq!((kind.to_string().as_str(), kind.is_known()), (text, false));
    }
    let text = body_row("| count | Number | How many. |");
    assert_eq!(answer(&text)[0]["type"], "Number");
    assert!(warning(&text).starts_with("22: the type of `count` is not in the notation"));
}

#[test]
fn deeply_nested_types_are_text() {
    let text = format!("{}String{}", "Array<".repeat(5000), ">".repeat(5000));
    assert!(!Type::read(&text).is_known());
}

#[test]
fn markdown_cells_keep_types_that_look_like_tags() {
    let text = body_row("| count | Array<String> | x |").replace("{ \"count\": 1 }", "{}");
    assert_eq!(answer(&text)[0]["type"], "array<string>");
}

#[test]
fn html_cells_keep_types_that_look_like_tags_and_say_so() {
    let table = "<table><tr><th>Parameter</th><th>Type</th></tr><tr><td>n</td><td>Array<String></td></tr></table>";
    let text = html_body(table);
    assert_eq!(answer(&text)[0]["type"], "array<string>");
    assert_warns(&text, 19, "no tag of HTML");
}

// Schemas.

/// `LIST` with its answer's table as HTML, in line 19.
fn html_body(table: &str) -> String {
    let (before, rest) = LIST.split_once("Table 2 Response").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!(
        "{before}**Table 2**  Response body parameters\n{table}\n\n{}",
        after.replace("{ \"count\": 1 }", "{}")
    )
    .replacen("Status code: 200**\n\n", "Status code: 200**\n", 1)
}

fn schema(number: usize, name: &str, rows: &str) -> String {
    format!("Table {number} {name}\n| Parameter | Type | Description |\n|---|---|---|\n{rows}\n\n")
}

/// `LIST` with more tables under the answer, and without its example.
fn with_schemas(body: &str, schemas: &str) -> String {
    body_row(body).replace("{ \"count\": 1 }", "{}").replace(
        "#### Example Requests",
        &format!("{schemas}#### Example Requests"),
    )
}

#[test]
fn a_schema_inside_itself_is_recursive() {
    let text = with_schemas(
        "| node | Node object | x |",
        &schema(3, "Node", "| next | Node object | x |"),
    );
    let expected = json!([{"name": "node", "type": "Node", "required": null, "fields": [
        {"name": "next", "type": "Node", "required": null, "recursive": true},
    ]}]);
    assert_eq!(answer(&text), expected);
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn schemas_that_contain_each_other_are_recursive() {
    let tables = schema(3, "A", "| b | B object | x |")
        + &schema(4, "B", "| list | Array of A objects | x |");
    let text = with_schemas("| a | A object | x |", &tables);
    assert_eq!(
        answer(&text)[0]["fields"][0]["fields"][0]["recursive"],
        true
    );
}

#[test]
fn a_schema_without_a_table_is_reported() {
    let text = with_schemas("| node | Node object | x |", "");
    assert_eq!(
        answer(&text),
        json!([{"name": "node", "type": "Node", "required": null}])
    );
    assert!(warning(&text).starts_with("22: `node` is of the type `Node`, which has no table"));
}

#[test]
fn a_table_that_nothing_refers_to_is_reported() {
    let text = with_schemas(
        "| count | Integer | x |",
        &schema(3, "Node", "| id | String | x |"),
    );
    assert!(warning(&text).starts_with("25: nothing refers to the table `Node`"));
}

#[test]
fn a_bare_object_stays_one_beside_a_fitting_table() {
    let text = with_schemas(
        "| sys_tags | Array of objects | x |",
        &schema(3, "SysTag", "| id | String | x |"),
    );
    assert_eq!(
        answer(&text)[0],
        json!({"name": "sys_tags", "type": "array<object>", "required": null})
    );
    assert_warns(
        &text,
        22,
        "the table `SysTag` in line 25 may hold its fields",
    );
}

#[test]
fn an_object_with_a_link_is_the_schema_it_leads_to() {
    let anchored = schema(
        3,
        "<a name=\"response_Node\"></a>Node",
        "| id | String | x |",
    );
    let text = with_schemas("| node | [Object](#response_Node) | x |", &anchored);
    assert_eq!(answer(&text)[0]["type"], "Node");
    assert_eq!(answer(&text)[0]["fields"][0]["name"], "id");
    assert_warns(&text, 22, "the link counts");
}

#[test]
fn a_link_in_the_name_leads_to_a_schema_too() {
    let anchored = schema(
        3,
        "<a name=\"response_Node\"></a>node",
        "| id | String | x |",
    );
    let text = with_schemas(
        "| [node](#response_Node) | Array of objects | x |",
        &anchored,
    );
    assert_eq!(answer(&text)[0]["type"], "array<node>");
    assert_eq!(answer(&text)[0]["fields"][0]["name"], "id");
}

const TWO_ERRORS: &str = "**Status code: 400**

Table 3 Response body parameters
| Parameter | Type |
|---|---|
| error | [Detail](#response_Detail) object |

Table 4 Detail
| Parameter | Type |
|---|---|
| old_code | String |

**Status code: 404**

Table 5 Response body parameters
| Parameter | Type |
|---|---|
| error | [Detail](#response_Detail) object |

Table 6 Detail
| Parameter | Type |
|---|---|
| new_code | String |

#### Example Requests";

#[test]
fn a_schema_is_taken_from_its_own_status_whatever_the_link() {
    let text = list_with("#### Example Requests", TWO_ERRORS)
        .replace("| 200 | OK |", "| 200 | OK |\n| 400 | x |\n| 404 | x |");
    let facts = facts(&text);
    assert_eq!(
        facts["responses"]["400"]["fields"][0]["fields"][0]["name"],
        "old_code"
    );
    assert_eq!(
        facts["responses"]["404"]["fields"][0]["fields"][0]["name"],
        "new_code"
    );
    assert!(warning(&text).starts_with("44: this table `Detail` differs from the one in line 32"));
}

#[test]
fn a_schema_may_stand_under_another_status() {
    let one = TWO_ERRORS.replace(
        "Table 6 Detail\n| Parameter | Type |\n|---|---|\n| new_code | String |\n\n",
        "",
    );
    let text = list_with("#### Example Requests", &one)
        .replace("| 200 | OK |", "| 200 | OK |\n| 400 | x |\n| 404 | x |");
    assert_eq!(
        facts(&text)["responses"]["404"]["fields"][0]["fields"][0]["name"],
        "old_code"
    );
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn two_tables_of_one_name_in_one_place_are_reported() {
    let tables =
        schema(3, "Node", "| id | String | x |") + &schema(4, "Node", "| other | String | x |");
    let text = with_schemas("| node | Node object | x |", &tables);
    assert_eq!(answer(&text)[0]["fields"][0]["name"], "id");
    assert_warns(&text, 30, "a second table `Node` in the same place");
}

#[test]
fn schemas_that_multiply_are_an_error() {
    let mut tables = String::new();
    for level in 0..30 {
        let next = level + 1;
        tables += &schema(
            level + 3,
            &format!("L{level}"),
            &format!("| a | L{next} object | x |\n| b | L{next} object | x |"),
        );
    }
    let text = with_schemas("| a | L0 object | x |", &tables);
    assert!(error(&text).message.contains("nest too often"));
}

#[test]
fn schemas_that_nest_too_deep_are_an_error() {
    let mut tables = String::new();
    for level in 0..3000 {
        tables += &schema(
            level + 3,
            &format!("L{level}"),
            &format!("| a | L{} object | x |", level + 1),
        );
    }
    assert!(
        error(&with_schemas("| a | L0 object | x |", &tables))
            .message
            .contains("too deep")
    );
}

// Anchors.

fn schema_of(anchors: &str) -> Value {
    let (first, others) = anchors.split_once(' ').unwrap_or((anchors, ""));
    let others: String = others
        .split_whitespace()
        .map(|name| format!("<a name=\"{name}\"></a>\n"))
        .collect();
    let text = list_with(
        "Table 2 Response",
        &format!("Table 2 Response body parameters\n<a name=\"{first}\"></a>\nTable 2 Response"),
    )
    .replace("#### Status Codes", &format!("#### Status Codes\n{others}"));
    facts(&text)["responses"]["200"]["schema"].clone()
}

#[test]
fn only_the_number_of_a_repeat_is_cut_from_an_anchor() {
    assert_eq!(schema_of("response_Widgets"), "Widgets");
    assert_eq!(schema_of("response_Widgets_1 response_Widgets"), "Widgets");
    assert_eq!(
        schema_of("response_Widgets_v2 response_Widgets"),
        "Widgets_v2"
    );
    assert_eq!(schema_of("response_Widgets_2"), "Widgets_2");
}

#[test]
fn the_number_of_a_topic_is_cut_from_an_anchor() {
    assert_eq!(schema_of("zh-cn_topic_0123_response_Widgets"), "Widgets");
    assert_eq!(
        schema_of("zh-cn_topic_0123_response_Widgets_1 zh-cn_topic_0123_response_Widgets"),
        "Widgets"
    );
}

#[test]
fn other_anchors_name_no_schema() {
    assert_eq!(schema_of("table123"), Value::Null);
    assert_eq!(schema_of("HeaderParameter"), Value::Null);
}

// Statuses.

#[test]
fn statuses_without_a_body_are_null() {
    let text = list_with(
        "| 200 | OK |",
        "| 200 OK | OK |\n| 202 | Accepted |\n| 204 | No Content |",
    );
    assert_eq!(facts(&text)["responses"]["202"], Value::Null);
    assert_eq!(facts(&text)["responses"]["204"], Value::Null);
    assert!(warning(&text).starts_with("38: status 202 has no table of its body"));
}

#[test]
fn statuses_keep_the_order_of_their_table() {
    let text = list_with("| 200 | OK |", "| 500 | x |\n| 200 | OK |\n| 400 | x |");
    let responses = read(&text).unwrap().contract.responses;
    assert_eq!(responses.keys().collect::<Vec<_>>(), ["500", "200", "400"]);
}

#[test]
fn a_body_outside_the_table_of_statuses_is_appended() {
    let text = list_with("| 200 | OK |", "| 400 | x |");
    let responses = read(&text).unwrap().contract.responses;
    assert_eq!(responses.keys().collect::<Vec<_>>(), ["400", "200"]);
    assert_warns(
        &text,
        20,
        "status 200 has a body and is not in the table of statuses",
    );
}

#[test]
fn a_page_without_a_table_of_statuses_takes_those_of_its_bodies() {
    let text = LIST.split("#### Status Codes").next().unwrap();
    assert_eq!(facts(text)["responses"], facts(LIST)["responses"]);
    assert!(warning(text).contains("the page has no table of statuses"));
}

#[test]
fn ranges_of_statuses_are_reported() {
    for range in ["4xx", "400-499", "400 ~ 499"] {
        let text = list_with("| 200 | OK |", &format!("| 200 | OK |\n| {range} | x |"));
        assert_eq!(facts(&text)["responses"], facts(LIST)["responses"]);
        assert!(warning(&text).starts_with("38: "), "{range}");
    }
}

#[test]
fn a_status_may_be_announced_in_many_forms() {
    for line in [
        "Status code: 200",
        "状态码： 200",
        "##### 状态码：200",
        "**Status Code 200 (OK)**",
        "- **状态码： 200**",
    ] {
        let text = LIST.replacen("**Status code: 200**", line, 1);
        assert_eq!(facts(&text), facts(LIST), "{line}");
        assert_eq!(warnings(&text), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_body_without_a_status_is_that_of_the_only_success() {
    let text = LIST.replacen("**Status code: 200**\n", "", 1);
    assert_eq!(facts(&text), facts(LIST));
    assert!(warning(&text).contains("taken as 200, the only success"));
    let unclear = text.replace("| 200 | OK |", "| 200 | OK |\n| 201 | Created |");
    assert_eq!(facts(&unclear)["responses"]["200"], Value::Null);
    assert_warns(&unclear, 19, "it was not read");
}

#[test]
fn error_codes_are_no_statuses() {
    let errors = "\n#### Error Codes\n| Status Code | Error Code | Description |\n|---|---|---|\n| 403 | W.1 | x |\n";
    assert_eq!(facts(&format!("{LIST}{errors}")), facts(LIST));
}

// Tables.

#[test]
fn tables_in_lists_and_quotes_are_found() {
    let rows =
        "| Parameter | Type | Description |\n|:---|:---|:---|\n| count | Integer | How many. |\n";
    let indented = |by: &str| {
        rows.lines()
            .map(|line| format!("{by}{line}\n"))
            .collect::<String>()
    };
    let html = "<table><tr><th>Parameter</th><th>Type</th></tr>\nX<tr><td>count</td>\nX<td>Integer</td></tr></table>\n";
    let table = format!("Table 2 Response body parameters\n{rows}");
    for other in [
        format!("- Table 2 Response body parameters\n\n{}", indented("  ")),
        format!(
            "1.  Table 2 Response body parameters\n\n{}",
            indented("    ")
        ),
        format!("> Table 2 Response body parameters\n>\n{}", indented("> ")),
        format!(
            "-   Table 2 Response body parameters\n\n    {}",
            html.replace('X', "    ")
        ),
        format!(
            "> Table 2 Response body parameters\n>\n> {}",
            html.replace('X', "> ")
        ),
        format!(
            "Table 2 Response body parameters\n\n    {}",
            html.replace('X', "    ")
        ),
    ] {
        let text = list_with(&table, &other);
        assert_eq!(facts(&text), facts(LIST), "{other}");
        assert_eq!(warnings(&text), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn cells_of_html_tables_are_never_markdown() {
    let table = "<table><tr><th>Parameter</th><th>Type</th><th>Description</th></tr>
<tr><td>a_b_c</td>

<td>String</td><td>

    **x** \\_y\\_ `z` [l](m)

```

# no heading</td></tr></table>";
    let page = read(&html_body(table)).unwrap();
    let field = &page.contract.responses["200"].as_ref().unwrap().fields[0];
    assert_eq!(field.name, "a_b_c");
    assert_eq!(
        field.origin.text,
        r"**x** \_y\_ `z` [l](m) ``` # no heading"
    );
    assert_eq!(page.warnings, Vec::new());
}

#[test]
fn entities_breaks_lists_and_inner_tables_are_text() {
    let table = "<table><tr><th>Parameter</th><th>Type</th><th>Description</th></tr>
<tr><td>n</td><td>String</td><td>a&lt;b<br>c<ul><li>d</li><li>e</li></ul><table><tr><td>f</td><td>g</td></tr></table>h</td></tr>
<tr><td>m</td><td>String</td><td>x</td></tr></table>";
    let page = read(&html_body(table)).unwrap();
    let fields = &page.contract.responses["200"].as_ref().unwrap().fields;
    assert_eq!(fields.len(), 2);
    assert_eq!(fields[0].origin.text, "a<b c d e f g h");
}

#[test]
fn pipes_escaped_in_cells_stay() {
    let page = read(&body_row("| count | Integer | a\\|b |")).unwrap();
    assert_eq!(
        page.contract.responses["200"].as_ref().unwrap().fields[0]
            .origin
            .text,
        "a|b"
    );
    assert_eq!(page.warnings, Vec::new());
}

#[test]
fn a_row_with_other_cells_than_the_header_is_reported() {
    assert!(
        warning(&body_row("| count | Integer |"))
            .starts_with("22: the row has 2 cells and the header 3")
    );
    assert!(
        warning(&body_row("| count | Integer | a|b |"))
            .starts_with("22: the row has 4 cells and the header 3")
    );
    let table = "<table><tr><th>Parameter</th><th>Type</th></tr>\n<tr><td>n</td></tr></table>";
    assert_warns(
        &html_body(table),
        20,
        "the row has 1 cells and the header 2",
    );
}

#[test]
fn rows_under_a_spanning_cell_repeat_it() {
    let table = "<table><tr><th>Parameter</th><th>Type</th></tr>
<tr><td>a</td><td rowspan=\"2\">String</td></tr>
<tr><td>b</td></tr></table>";
    let text = html_body(table);
    assert_eq!(
        answer(&text)[1],
        json!({"name": "b", "type": "string", "required": null})
    );
    assert!(warning(&text).starts_with("20: a cell spans 2 rows"));
}

#[test]
fn text_right_under_a_pipe_table_is_no_row() {
    let text = list_with(
        "| count | Integer | How many. |\n\n",
        "| count | Integer | How many. |\n**Status code: 400**\n\n",
    );
    assert_eq!(answer(&text), answer(LIST));
    assert_warns(&text, 23, "status 400 is announced here");
}

#[test]
fn tables_in_code_and_comments_are_none() {
    let noise = "Lists `<table>`.\n\n```\n<table>\n```\n\n<!-- **Table 9** Response body parameters\n\n<table><tr><td>x</td></tr></table> -->";
    let text = list_with("Lists widgets.", noise);
    assert_eq!(facts(&text), facts(LIST));
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn rows_outside_a_table_are_reported() {
    let text = body_row("| count | Integer | x |\n\n| lost | Integer | x |");
    assert!(warning(&text).starts_with("24: this looks like a row of a table"));
}

#[test]
fn a_caption_may_stand_inside_the_html_table() {
    let table = "<table><caption>表 2 响应Body参数</caption><tr><th>参数</th><th>类型</th></tr><tr><td>n</td><td>String</td></tr></table>";
    let text = html_body(table).replace("**Table 2**  Response body parameters\n", "");
    assert_eq!(answer(&text)[0]["name"], "n");
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn prose_that_begins_like_a_caption_is_none() {
    let text = list_with(
        "Table 2 Response body parameters\n",
        "Table 2 Response body parameters\n\nTable 2 lists the parameters.\n\n",
    );
    assert_eq!(facts(&text), facts(LIST));
}

#[test]
fn a_table_without_a_caption_is_taken_for_what_its_place_says() {
    let text = list_with("Table 2 Response body parameters\n", "");
    assert_eq!(facts(&text), facts(LIST));
    assert!(warning(&text).contains("taken as the body"));
}

#[test]
fn a_table_elsewhere_is_reported_if_it_has_fields() {
    let table = "\n#### Appendix\n| Parameter | Type |\n|---|---|\n| x | String |\n";
    assert!(warning(&format!("{LIST}{table}")).contains("outside the request and the response"));
}

#[test]
fn odd_names_are_kept_and_reported() {
    for name in ["└─name", "name*", "a b"] {
        let text = body_row(&format!("| {name} | Integer | x |")).replace("{ \"count\": 1 }", "{}");
        assert_eq!(answer(&text)[0]["name"], name);
        assert!(warning(&text).contains("has signs that no name on the wire has"));
    }
    let dotted = body_row("| count | Integer | x |\n| count.all | Integer | x |");
    assert!(warning(&dotted).contains("looks like a field of `count`"));
}

#[test]
fn a_pattern_that_lost_signs_to_markup_is_reported() {
    let table = "<table><tr><th>Parameter</th><th>Type</th><th>Description</th></tr>
<tr><td>key</td><td>String</td><td>must match ^((?!<em id=\"i1\"><a name=\"i1\"></a>sys</em>)[a-z]*)$</td></tr></table>";
    assert!(
        warning(&html_body(table))
            .starts_with("20: emphasis stands inside a pattern in the description of `key`")
    );
    assert!(
        warning(&body_row("| count | Integer | ^[a-z]*x[0-9]*$ |")).contains("inside a pattern")
    );
}

#[test]
fn emphasis_around_words_is_no_trouble() {
    let text = body_row("| count | Integer | **Range:** ^[a-z]{1,3}$ **约束：**^[0-9]$ and *x* |");
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn an_unknown_column_is_reported() {
    let text = list_with(
        "| Parameter | Type | Description |\n|:---|:---|:---|\n| count | Integer | How many. |",
        "| Parameter | Type | Default |\n|---|---|---|\n| count | Integer | 5 |",
    );
    assert_eq!(facts(&text), facts(LIST));
    assert!(warning(&text).contains("the column `Default` is not known"));
}

// Examples.

fn with_examples(blocks: &str) -> String {
    let fields = "| Parameter | Mandatory | Type |\n|---|---|---|\n| name | Yes | String |\n| sizes | No | Array of integers |\n| tags | No | Map<String,String> |\n| at | No | Integer |\n";
    list_with(
        "#### Request Parameters\nNone",
        &format!("#### Request Parameters\nTable 7 Request body parameters\n{fields}"),
    )
    .replace("GET /v1", "POST /v1")
    .replace(
        "#### Example Requests\nNone",
        &format!("#### Example Requests\n{blocks}"),
    )
}

#[test]
fn every_json_block_is_an_example() {
    let text = with_examples(
        "One\n\n```json\n{\"name\": \"a\"}\n```\n\n- Two\n\n  ```\n  {\"name\": \"b\"}\n  ```\n\nThree\n\n    {\"name\": \"c\"}\n",
    );
    assert_eq!(
        facts(&text)["examples"]["request"],
        json!([{"name": "a"}, {"name": "b"}, {"name": "c"}])
    );
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn a_request_line_before_the_json_is_dropped() {
    let text = with_examples(
        "```\nPOST https://{endpoint}/v1/x\n\n{\"name\": \"a\"}\n```\n\n```\nPOST https://{endpoint}/v1/x\n```\n",
    );
    assert_eq!(facts(&text)["examples"]["request"], json!([{"name": "a"}]));
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn an_example_of_megabytes_is_left_out() {
    let items = vec!["{\"name\": \"a\"}"; 100_000].join(",\n");
    let text = with_examples(&format!("```json\n[{items}]\n```\n"));
    assert_eq!(facts(&text)["examples"]["request"], json!([]));
    let expected = "this example has 1500001 bytes and was left out, as everything over 1048576 is";
    assert!(warning(&text).contains(expected), "{}", warning(&text));
}

#[test]
fn a_paragraph_of_megabytes_is_read_line_by_line() {
    let line = "<a name=\"x\"></a>Some words, and [a link](https://example.com/x).\n";
    let plain = "Some words that go on.\n".repeat(100_000);
    let text = with_examples(&format!("{plain}{line}"));
    assert_eq!(warnings(&text), Vec::<String>::new());
    assert_eq!(facts(&text), facts(&with_examples(line)));
}

#[test]
fn a_block_that_is_not_json_is_left_out() {
    for block in [
        "curl -X POST",
        "{\"name\": \"a\",}",
        "POST /v1/x\nAccept: a\n\n{}",
        "{\"name\": \"a\"} // x",
    ] {
        let text = with_examples(&format!("```shell\n{block}\n```\n"));
        assert_eq!(facts(&text)["examples"]["request"], json!([]));
        assert!(
            warning(&text).contains("is not JSON and was left out"),
            "{block}"
        );
    }
}

#[test]
fn an_example_keeps_its_order_and_numbers() {
    let text =
        with_examples("```\n{\"z\": 1.50, \"name\": \"a\", \"b\": 12345678901234567890}\n```\n");
    let contract = read(&text).unwrap().contract;
    assert_eq!(
        contract.examples.request[0].to_string(),
        r#"{"z":1.5,"name":"a","b":12345678901234567890}"#
    );
}

#[test]
fn an_example_that_does_not_fit_its_table_is_reported() {
    for (example, expected) in [
        (
            "{\"name\": \"a\", \"more\": 1}",
            "the example has `more`, which is not in its table",
        ),
        (
            "{\"name\": 5}",
            "`name` is the number 5 and by its table a string",
        ),
        (
            "{\"name\": \"a\", \"sizes\": 5}",
            "`sizes` is the number 5 and by its table an array",
        ),
        (
            "{\"name\": \"a\", \"sizes\": [1, \"2\"]}",
            "`sizes[1]` is a string and by its table an int32",
        ),
        (
            "{\"name\": \"a\", \"tags\": {\"k\": 1}}",
            "`tags.k` is the number 1 and by its table a string",
        ),
        (
            "{\"name\": \"a\", \"at\": 1581507580000}",
            "`at` is the number 1581507580000 and by its table an int32",
        ),
        (
            "{\"at\": 1}",
            "the example lacks `name`, which is mandatory",
        ),
        ("[]", "the example is an array and by its table an object"),
    ] {
        let text = with_examples(&format!("```\n{example}\n```\n"));
        assert!(
            warning(&text)
                .replace("`the example`", "the example")
                .contains(expected),
            "{}",
            warning(&text)
        );
        assert_eq!(
            facts(&text)["examples"]["request"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn a_misfit_names_its_line() {
    let text = with_examples("```\n{\n\"name\": \"a\",\n\"more\": 1\n}\n```\n");
    let line = text.lines().position(|line| line.contains("more")).unwrap() + 1;
    assert_warns(&text, line, "`more`");
}

#[test]
fn null_fits_every_type() {
    let text =
        with_examples("```\n{\"name\": null, \"sizes\": null, \"tags\": {\"k\": null}}\n```\n");
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn examples_are_checked_inside_schemas() {
    let tables = schema(3, "Node", "| id | String | x |\n| next | Node object | x |");
    let text = with_schemas("| node | Node object | x |", &tables).replace(
        "{}",
        "{\"node\": {\"id\": \"1\", \"next\": {\"id\": 2, \"odd\": 1}}}",
    );
    assert_warns(&text, 37, "`node.next.id` is the number 2");
    assert_warns(&text, 37, "the example has `node.next.odd`");
}

#[test]
fn code_of_other_sections_is_no_example() {
    let text = format!("{LIST}\n#### SDK Sample Code\n##### Java\n```\nclass A {{}}\n```\n");
    assert_eq!(facts(&text), facts(LIST));
    assert_eq!(warnings(&text), Vec::<String>::new());
}

#[test]
fn html_pre_is_a_code_block() {
    let text = list_with(
        "```\n{ \"count\": 1 }\n```",
        "<pre class=\"screen\">{\n\n \"count\": 1 }</pre>",
    );
    assert_eq!(facts(&text)["examples"], facts(LIST)["examples"]);
}

/// An older form: lists under two headings, each with a table and an example.
const OLD: &str = "# 创建架子<a name=\"ZH-CN_TOPIC_0001\"></a>

## 功能介绍

创建架子。

## URI

POST /v1/\\{project\\_id\\}/shelves

**表 1**  参数说明

<table><thead><tr><th>名称</th><th>是否必选</th><th>说明</th></tr></thead>
<tbody><tr><td>project_id</td><td>是</td><td>项目ID</td></tr></tbody>
</table>

## 请求消息

-   请求参数

    **表 2**  请求参数

    <a name=\"table2\"></a>
    <table><thead><tr><th>参数名称</th><th>类型</th><th>必选</th><th>说明</th></tr></thead>
    <tbody><tr><td>shelf</td><td>Object</td><td>是</td>
    <td>参见<a href=\"#table3\">表3</a>。</td></tr></tbody>
    </table>

    **表 3**  shelf对象

    <a name=\"table3\"></a>
    <table><thead><tr><th>属性</th><th>类型</th><th>必选</th><th>说明</th></tr></thead>
    <tbody><tr><td>width</td><td>Integer</td><td>是</td><td>宽</td></tr></tbody>
    </table>

-   请求样例

    ```
    POST https://{Endpoint}/v1/1/shelves

    { \"shelf\": { \"width\": 5 } }
    ```

## 响应消息

-   响应参数

    无

-   响应样例

    无

## 状态码

请参见[状态码](状态码.md)。
";

#[test]
fn the_older_form_gives_what_it_states() {
    let expected = json!({
        "operation_id": null,
        "title": "创建架子",
        "method": "POST",
        "path": "/v1/{project_id}/shelves",
        "parameters": [{"in": "path", "name": "project_id", "type": "", "required": true}],
        "request_body": {"schema": null, "fields": [{"name": "shelf", "type": "object", "required": true}]},
        "responses": {},
        "examples": {"request": [{"shelf": {"width": 5}}], "responses": {}},
    });
    assert_eq!(facts(OLD), expected);
    assert_warns(
        OLD,
        13,
        "no column of this table is known as that of the types",
    );
    assert_warns(
        OLD,
        25,
        "the table `shelf对象` in line 32 may hold its fields",
    );
    assert_warns(OLD, 32, "nothing refers to the table `shelf对象`");
    assert_warns(OLD, 56, "the page has no table of statuses");
}

// Pages that cannot be read.

#[test]
fn a_page_cut_inside_a_table_is_an_error() {
    let at = REPO_ZH.find("<p>404</p>").unwrap();
    let html = error(&REPO_ZH[..at]);
    assert_eq!(
        (html.line, html.message.contains("</table>")),
        (160, true),
        "{html:?}"
    );
    let at = SITE_EN.find("| 404 | Not").unwrap();
    for cut in [at + 1, at + 6, at + 9] {
        let pipe = error(&SITE_EN[..cut]);
        assert!(pipe.message.contains("ends inside this row"), "{pipe:?}");
    }
    let head = SITE_EN.find("| Status Code |").unwrap();
    assert!(
        error(&SITE_EN[..head + 15])
            .message
            .contains("ends inside this row")
    );
}

#[test]
fn a_page_cut_inside_an_example_is_an_error() {
    let at = SITE_EN.find("\"labels\" :").unwrap();
    let error = error(&SITE_EN[..at]);
    assert!(error.message.contains("never ends"));
    assert!(
        SITE_EN
            .lines()
            .nth(error.line - 1)
            .unwrap()
            .starts_with("```")
    );
}

#[test]
fn what_is_no_page_is_an_error_that_helps() {
    for (text, expected) in [
        ("", "empty"),
        (" \n\n", "empty"),
        (
            "<!DOCTYPE html>\n<html><body>x</body></html>",
            "HTML document",
        ),
        ("just words", "no title"),
        ("# Readme\n\nwords", "no heading `URI`"),
        ("# A\n## URI\nnothing", "no request line"),
        ("a\0b", "binary"),
    ] {
        assert!(
            error(text).message.contains(expected),
            "{text}: {:?}",
            error(text)
        );
    }
}

#[test]
fn any_cut_and_any_garbage_is_survived() {
    for page in [REPO_ZH, SITE_EN] {
        for cut in (0..page.len())
            .filter(|cut| page.is_char_boundary(*cut))
            .step_by(7)
        {
            let _ = read(&page[..cut]);
            let _ = read(&page[cut..]);
            let _ = read_contract(&page[cut..]);
        }
    }
}

#[test]
fn a_long_page_keeps_its_lines_and_rows() {
    let mut rows = String::new();
    for row in 0..20_000 {
        writeln!(rows, "| field_{row} | String | words of no concern |").unwrap();
    }
    let filler = "A paragraph.\n\n".repeat(30_000);
    let text = body_row(&format!("{rows}| odd | Number | x |"))
        .replace("{ \"count\": 1 }", "{}")
        .replace("Lists widgets.\n", &filler);
    let warning = warning(&text);
    let line = text
        .lines()
        .position(|line| line.starts_with("| odd |"))
        .unwrap()
        + 1;
    assert!(warning.starts_with(&format!("{line}: ")), "{warning}");
    assert_eq!(answer(&text).as_array().unwrap().len(), 20_001);
}

// Files.

#[test]
fn files_are_told_apart_by_what_is_in_them() {
    let folder = std::env::temp_dir().join(format!("csms-gen-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let contract = serde_json::to_string(&read(LIST).unwrap().contract).unwrap();
    let id = |path: &Path| read_file(path).unwrap().contract.operation_id;
    assert_eq!(
        id(&file("page", LIST.as_bytes())).as_deref(),
        Some("ListWidgets")
    );
    assert_eq!(
        id(&file("contract.txt", contract.as_bytes())).as_deref(),
        Some("ListWidgets")
    );
    assert_eq!(
        id(&file(
            "contract.JSON",
            format!("\u{feff}{contract}").as_bytes()
        ))
        .as_deref(),
        Some("ListWidgets")
    );
    let message = |path: &Path| read_file(path).unwrap_err().message;
    assert!(message(&folder).contains("folder"));
    assert!(message(&folder.join("missing.md")).contains("cannot be read"));
    assert!(message(&file("a.png", b"\x89PNG\r\n\x1a\n\0\0")).contains("binary"));
    assert!(message(&file("a16.md", b"\xff\xfe#\0")).contains("UTF-16"));
    let gbk = read_file(&file("gbk.md", b"# a\n\xb4\xb4\n")).unwrap_err();
    assert_eq!((gbk.line, gbk.message.contains("not UTF-8")), (2, true));
    std::fs::remove_dir_all(&folder).unwrap();
}

// Stored contracts.

fn stored(change: impl FnOnce(&mut Value)) -> Result<super::Page, PageError> {
    let mut value = facts(LIST);
    change(&mut value);
    read_contract(&serde_json::to_string_pretty(&value).unwrap())
}

#[test]
fn a_stored_contract_is_read_back() {
    let page = stored(|_| ()).unwrap();
    assert_eq!(serde_json::to_value(page.contract).unwrap(), facts(LIST));
}

#[test]
fn a_stored_contract_may_lack_a_title() {
    assert_eq!(
        stored(|value| value["title"] = Value::Null)
            .unwrap()
            .contract
            .title,
        None
    );
}

#[test]
fn odd_types_of_a_stored_contract_are_reported() {
    let page = stored(|value| value["parameters"][0]["type"] = json!("array<")).unwrap();
    assert_eq!(page.warnings.len(), 1);
    assert_eq!(page.warnings[0].line, 10);
    assert!(page.warnings[0].message.contains("not well formed"));
}

#[test]
fn whatever_a_page_gives_can_be_stored_and_read() {
    for page in [REPO_ZH, SITE_EN, LIST, OLD] {
        let facts = facts(page);
        let page = read_contract(&facts.to_string()).unwrap();
        assert_eq!(serde_json::to_value(page.contract).unwrap(), facts);
    }
}

#[test]
fn a_broken_contract_names_the_line() {
    let error = stored(|value| value["method"] = json!("post")).unwrap_err();
    assert_eq!(
        (error.line, error.message.contains("no HTTP method")),
        (4, true)
    );
    let error = stored(|value| value["path"] = json!("v1")).unwrap_err();
    assert_eq!(
        (
            error.line,
            error.message.contains("does not start with `/`")
        ),
        (5, true)
    );
    let error = stored(|value| value["responses"]["20"] = Value::Null).unwrap_err();
    assert!(error.message.contains("no status of three digits"));
    let error = stored(|value| value["operation_id"] = json!("../x")).unwrap_err();
    assert!(error.message.contains("no operation id"));
    let error = stored(|value| value["more"] = json!(1)).unwrap_err();
    assert!(error.line > 1 && error.message.contains("unknown field `more`"));
    assert!(read_contract("[]").unwrap_err().message.contains("array"));
    assert!(read_contract("").unwrap_err().message.contains("empty"));
}
