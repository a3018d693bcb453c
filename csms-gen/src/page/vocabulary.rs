//! The words that pages use, in Chinese and English, and what they mean.

use crate::contract::Location;

/// Whether a table speaks of what is sent or of what comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Sent.
    Request,
    /// Answered.
    Response,
}

/// What a heading announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What the operation does.
    Function,
    /// Where it can be tried.
    Debugging,
    /// Method and path.
    Uri,
    /// Request tables.
    Request,
    /// Response tables.
    Response,
    /// Example bodies; `None` until a line says which.
    Examples(Option<Direction>),
    /// The table of statuses.
    Statuses,
    /// The service's own codes.
    ErrorCodes,
    /// Anything else.
    Other,
}

const SECTIONS: &[(Section, &[&str])] = &[
    (
        Section::Function,
        &[
            "功能介绍",
            "功能说明",
            "功能描述",
            "接口功能",
            "接口说明",
            "接口描述",
            "function",
            "functions",
            "functiondescription",
            "description",
            "introduction",
        ],
    ),
    (
        Section::Debugging,
        &[
            "调试",
            "在线调试",
            "调用方法",
            "debugging",
            "debug",
            "onlinedebugging",
            "callingmethod",
            "callingmethods",
        ],
    ),
    (
        Section::Uri,
        &[
            "uri",
            "url",
            "接口uri",
            "请求uri",
            "接口url",
            "接口地址",
            "uri格式",
            "requesturi",
            "requesturl",
            "uriformat",
            "endpointuri",
        ],
    ),
    (
        Section::Request,
        &[
            "请求参数",
            "请求消息",
            "请求",
            "请求参数说明",
            "requestparameters",
            "requestparameter",
            "request",
            "requests",
            "requestmessage",
            "requestmessages",
        ],
    ),
    (
        Section::Response,
        &[
            "响应参数",
            "响应消息",
            "响应",
            "返回参数",
            "返回消息",
            "响应参数说明",
            "responseparameters",
            "responseparameter",
            "response",
            "responses",
            "responsemessage",
            "responsemessages",
        ],
    ),
    (
        Section::Examples(Some(Direction::Request)),
        &[
            "请求示例",
            "请求样例",
            "请求消息示例",
            "请求参数示例",
            "examplerequests",
            "examplerequest",
            "requestexample",
            "requestexamples",
            "samplerequest",
            "samplerequests",
            "requestsample",
        ],
    ),
    (
        Section::Examples(Some(Direction::Response)),
        &[
            "响应示例",
            "响应样例",
            "返回示例",
            "响应消息示例",
            "响应参数示例",
            "exampleresponses",
            "exampleresponse",
            "responseexample",
            "responseexamples",
            "sampleresponse",
            "sampleresponses",
            "responsesample",
        ],
    ),
    (
        Section::Examples(None),
        &[
            "示例",
            "样例",
            "请求响应示例",
            "example",
            "examples",
            "samples",
        ],
    ),
    (
        Section::Statuses,
        &[
            "状态码",
            "返回码",
            "返回值",
            "http状态码",
            "响应状态码",
            "statuscodes",
            "statuscode",
            "httpstatuscode",
            "httpstatuscodes",
            "returncode",
            "returncodes",
            "returnvalue",
            "returnvalues",
            "returnedvalues",
        ],
    ),
    (
        Section::ErrorCodes,
        &["错误码", "错误码说明", "errorcodes", "errorcode"],
    ),
    (
        Section::Other,
        &[
            "接口约束",
            "约束限制",
            "constraints",
            "sdk代码示例",
            "sdksamplecode",
        ],
    ),
];

/// What the table under a caption holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// Parameters of the path and, on older pages, of the query.
    Uri,
    /// Parameters.
    Parameters(Location),
    /// A form, which is no JSON body.
    Form,
    /// The headers of an answer.
    ResponseHeaders,
    /// A body; the direction if the caption names it.
    Body(Option<Direction>),
}

const CAPTIONS: &[(TableKind, &[&str])] = &[
    (
        TableKind::Uri,
        &[
            "uri参数",
            "url参数",
            "参数",
            "uriparameters",
            "urlparameters",
            "parameters",
            "parameter",
        ],
    ),
    (
        TableKind::Parameters(Location::Path),
        &[
            "路径参数",
            "uri路径参数",
            "path参数",
            "请求path参数",
            "pathparameters",
            "pathparameter",
            "uripathparameters",
        ],
    ),
    (
        TableKind::Parameters(Location::Query),
        &[
            "query参数",
            "请求query参数",
            "查询参数",
            "url查询参数",
            "queryparameters",
            "queryparameter",
            "requestqueryparameters",
            "querystringparameters",
            "querystring",
        ],
    ),
    (
        TableKind::Parameters(Location::Header),
        &[
            "请求header参数",
            "请求头参数",
            "请求消息头参数",
            "请求消息头",
            "请求头",
            "header参数",
            "消息头参数",
            "requestheaderparameters",
            "requestheaderparameter",
            "requestheaders",
            "requestheader",
            "headerparameters",
            "headerparameter",
        ],
    ),
    (
        TableKind::Form,
        &[
            "formdata参数",
            "请求formdata参数",
            "form参数",
            "表单参数",
            "请求表单参数",
            "formdataparameters",
            "formdataparameter",
            "requestformdataparameters",
            "formparameters",
            "multipartparameters",
        ],
    ),
    (
        TableKind::ResponseHeaders,
        &[
            "响应header参数",
            "响应头参数",
            "响应消息头参数",
            "响应消息头",
            "响应头",
            "返回header参数",
            "responseheaderparameters",
            "responseheaderparameter",
            "responseheaders",
            "responseheader",
        ],
    ),
    (
        TableKind::Body(Some(Direction::Request)),
        &[
            "请求body参数",
            "请求体参数",
            "请求体",
            "请求消息体参数",
            "请求消息体",
            "请求参数",
            "requestbodyparameters",
            "requestbodyparameter",
            "requestbody",
            "requestparameters",
        ],
    ),
    (
        TableKind::Body(Some(Direction::Response)),
        &[
            "响应body参数",
            "响应体参数",
            "响应体",
            "响应消息体参数",
            "响应消息体",
            "响应参数",
            "返回参数",
            "返回body参数",
            "responsebodyparameters",
            "responsebodyparameter",
            "responsebody",
            "responseparameters",
        ],
    ),
    (
        TableKind::Body(None),
        &["body参数", "消息体参数", "bodyparameters", "bodyparameter"],
    ),
];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The name of a parameter or field.
    Name,
    /// Whether it must be given.
    Required,
    /// Its type.
    Type,
    /// What it means.
    Description,
    /// A status.
    Status,
    /// A code of the service, which makes the table one of error codes.
    ErrorCode,
}

const COLUMNS: &[(Column, &[&str])] = &[
    (
        Column::Name,
        &[
            "参数",
            "名称",
            "参数名",
            "参数名称",
            "字段",
            "字段名",
            "字段名称",
            "属性",
            "属性名",
            "属性名称",
            "parameter",
            "parameters",
            "parametername",
            "name",
            "field",
            "fieldname",
            "attribute",
            "attributename",
            "property",
        ],
    ),
    (
        Column::Required,
        &[
            "是否必选",
            "必选",
            "是否必填",
            "必填",
            "是否必须",
            "必须",
            "必选/可选",
            "可选/必选",
            "是否必选(m/o)",
            "mandatory",
            "required",
            "mandatory/optional",
            "mandatory(yes/no)",
            "mandatory(yesorno)",
        ],
    ),
    (
        Column::Type,
        &[
            "参数类型",
            "类型",
            "数据类型",
            "字段类型",
            "type",
            "parametertype",
            "datatype",
            "fieldtype",
        ],
    ),
    (
        Column::Description,
        &[
            "描述",
            "说明",
            "参数说明",
            "参数描述",
            "字段说明",
            "字段描述",
            "备注",
            "含义",
            "参数解释",
            "description",
            "descriptions",
            "desc",
            "remarks",
            "remark",
            "meaning",
            "explanation",
        ],
    ),
    (
        Column::Status,
        &[
            "状态码",
            "返回值",
            "返回码",
            "http状态码",
            "响应码",
            "statuscode",
            "httpstatuscode",
            "status",
            "returncode",
            "returnvalue",
            "returnedvalue",
        ],
    ),
    (
        Column::ErrorCode,
        &[
            "错误码",
            "错误代码",
            "errorcode",
            "错误信息",
            "errormessage",
        ],
    ),
];

const REQUIRED: &[&str] = &[
    "是",
    "yes",
    "y",
    "true",
    "m",
    "mandatory",
    "required",
    "必选",
    "必填",
    "必须",
];
const OPTIONAL: &[&str] = &[
    "否",
    "no",
    "n",
    "false",
    "o",
    "optional",
    "可选",
    "选填",
    "非必选",
    "非必填",
];
const NOTHING: &[&str] = &["无", "none", "-", "--", "n/a", "不涉及"];
const STATUS_WORDS: &[&str] = &[
    "http状态码",
    "状态码",
    "返回码",
    "响应码",
    "httpstatuscode",
    "statuscode",
    "returncode",
];
const CAPTION_ENDINGS: &[&str] = &["说明", "列表", "描述", "信息", "description", "list"];

fn meaning<T: Copy>(words: &[(T, &[&str])], key: &str) -> Option<T> {
    words
        .iter()
        .find(|(_, spellings)| spellings.contains(&key))
        .map(|(meaning, _)| *meaning)
}

/// A text without what spelling habits change: case, spaces, full-width signs, a last colon.
fn key(text: &str) -> String {
    let folded: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}' | '\u{feff}' | '*'))
        .map(|c| match c {
            '：' => ':',
            '（' => '(',
            '）' => ')',
            '／' => '/',
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect();
    folded.trim_end_matches(':').to_owned()
}

/// The section that a heading announces, if it is one of those that pages share.
pub fn section(heading: &str) -> Option<Section> {
    let key = key(heading);
    let unnumbered =
        key.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '、' | ')'));
    meaning(SECTIONS, unnumbered)
}

/// What the table under a caption holds, if the caption is no schema's name.
pub fn table_kind(caption: &str) -> Option<TableKind> {
    let key = key(caption);
    let shorter = CAPTION_ENDINGS
        .iter()
        .find_map(|ending| key.strip_suffix(ending));
    meaning(CAPTIONS, &key).or_else(|| meaning(CAPTIONS, shorter?))
}

/// What a column holds.
pub fn column(header: &str) -> Option<Column> {
    meaning(COLUMNS, &key(header))
}

/// What a cell of the column of mandatory parameters says.
pub fn required(text: &str) -> Option<bool> {
    let key = key(text);
    // `否，该参数与url二选一`: what follows the first word is a condition on something else.
    let word = key
        .split(['，', ',', '。', '.', ';', '；', '('])
        .next()
        .unwrap_or_default();
    if REQUIRED.contains(&word) {
        Some(true)
    } else if OPTIONAL.contains(&word) {
        Some(false)
    } else {
        None
    }
}

/// Whether a text says that there is nothing.
pub fn is_nothing(text: &str) -> bool {
    let key = key(text);
    NOTHING.contains(&key.trim_end_matches(['。', '.']))
}

/// The caption in `表 1  路径参数` or `Table 1 Path Parameters`.
pub fn caption(text: &str) -> Option<&str> {
    let numbered = match text.strip_prefix('表') {
        Some(rest) => rest,
        None if text.get(..5)?.eq_ignore_ascii_case("table") => text.get(5..)?,
        None => return None,
    };
    let numbered = numbered.trim_start();
    let caption = numbered.trim_start_matches(|c: char| c.is_ascii_digit());
    if caption.len() == numbered.len() {
        return None;
    }
    let caption =
        caption.trim_start_matches(|c: char| matches!(c, '-' | '.') || c.is_ascii_digit());
    Some(caption.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：')))
}

/// What follows `状态码：` in a line that announces an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Announced {
    /// These statuses.
    Statuses(Vec<String>),
    /// A range or a word that names no status.
    Unclear,
}

/// Reads a line such as `状态码： 200` or `Status code: 200`.
pub fn announced(text: &str) -> Option<Announced> {
    let key = key(text);
    let rest = STATUS_WORDS
        .iter()
        .find_map(|word| key.strip_prefix(word))?;
    let value = rest.trim_start_matches(':');
    if value.chars().count() > 60 || value.is_empty() {
        return None;
    }
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(statuses(value).map_or(Announced::Unclear, Announced::Statuses));
    }
    let named = rest.len() > value.len() && value.chars().count() <= 12;
    named.then_some(Announced::Unclear)
}

/// The statuses at the start of a text: `200`, `200 OK`, `200、201`; `None` for a range, for
/// anything else, and for more digits than a status has.
pub fn statuses(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let is_status = digits.len() == 3 && digits.starts_with(|c| ('1'..='5').contains(&c));
        if !is_status {
            return (!found.is_empty() && digits.is_empty()).then_some(found);
        }
        rest = rest.get(digits.len()..).unwrap_or_default().trim_start();
        found.push(digits);
        if begins_range(rest) {
            return None;
        }
        let Some(next) = rest.strip_prefix([',', '，', '、', '/', ';']) else {
            return Some(found);
        };
        rest = next.trim_start();
    }
}

fn begins_range(rest: &str) -> bool {
    let Some(next) = rest.strip_prefix(['-', '~', '–', '—', '～', '至', '到']) else {
        return rest.starts_with(['x', 'X']);
    };
    next.trim_start().starts_with(|c: char| c.is_ascii_digit())
}
