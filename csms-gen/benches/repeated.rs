//! Specs of any number of operations, made from the real one, with contracts and corrections
//! that fit them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use csms_gen::spec::compare::{Difference, compare};
use csms_gen::spec::notation::schema_name;
use csms_gen::spec::{Spec, escape, reference_name};
use csms_gen::workspace::{CONTRACTS, CORRECTIONS, SPEC, Workspace, contract_file};
use serde_json::{Map, Value, json};

/// The links of the chain, as JSON.
#[derive(Debug, Clone)]
pub struct Chain {
    pub spec: Value,
    pub contracts: Vec<Value>,
    pub corrections: Vec<Value>,
}

/// The real ones.
pub fn real() -> Chain {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let read = |file: &Path| -> Value { serde_json::from_slice(&fs::read(file).unwrap()).unwrap() };
    let spec = read(&root.join(SPEC));
    let operations = Spec {
        file: SPEC.to_owned(),
        value: spec.clone(),
    };
    let contracts = operations
        .operations()
        .map(|operation| read(&root.join(contract_file(operation.id.unwrap()))))
        .collect();
    Chain {
        spec,
        contracts,
        corrections: serde_json::from_value(read(&root.join(CORRECTIONS))).unwrap(),
    }
}

impl Chain {
    /// The number of operations.
    pub fn len(&self) -> usize {
        self.contracts.len()
    }

    /// A chain of `count` operations: copies of this one, the last of them cut off.
    pub fn repeated(&self, count: usize) -> Self {
        let mut all = self.part(0, count.min(self.len()));
        if all.len() < count {
            all.append(self.copies(count - all.len()));
        }
        all
    }

    /// `count` operations, all under other names than this chain's.
    pub fn copies(&self, count: usize) -> Self {
        let mut all = self.part(0, count.min(self.len())).renamed(2);
        let mut copy = 2;
        while all.len() < count {
            let part = self.part(0, (count - all.len()).min(self.len()));
            copy += 1;
            all.append(part.renamed(copy));
        }
        all
    }

    /// `count` operations from the one at `start` on, and what they need; beyond the last comes
    /// the first again.
    pub fn part(&self, start: usize, count: usize) -> Self {
        let contracts: Vec<Value> = (start..start + count)
            .map(|at| self.contracts[at % self.len()].clone())
            .collect();
        let ids: HashSet<&str> = contracts.iter().map(id).collect();
        let is_kept = |value: &Value| value.as_str().is_some_and(|id| ids.contains(id));

        let mut spec = self.spec.clone();
        let paths = spec["paths"].as_object_mut().unwrap();
        paths.retain(|_, item| {
            let item = item.as_object_mut().unwrap();
            item.retain(|_, operation| operation.get("operationId").is_none_or(is_kept));
            item.values()
                .any(|operation| operation.get("operationId").is_some())
        });
        let spec = Spec {
            file: SPEC.to_owned(),
            value: spec,
        };
        let needed = spec.reachable([&spec.value["paths"]].into_iter());
        let mut spec = spec.value;
        let schemas = spec["components"]["schemas"].as_object_mut().unwrap();
        schemas.retain(|name, _| needed.contains(name));

        let mut part = Self {
            spec,
            contracts,
            corrections: self.corrections.clone(),
        };
        part.drop_needless_corrections();
        part
    }

    /// Keeps what is needed of each correction.
    fn drop_needless_corrections(&mut self) {
        let spec = Spec {
            file: SPEC.to_owned(),
            value: self.spec.clone(),
        };
        let contracts = self.contracts.iter().cloned();
        let differences: Vec<Difference> = contracts
            .flat_map(|contract| compare(&serde_json::from_value(contract).unwrap(), &spec))
            .collect();
        self.corrections.retain_mut(|correction| {
            let is_fact = correction["kind"] == "fact";
            let says = [
                correction["page_says"].clone(),
                correction["spec_says"].clone(),
            ];
            let is_its = |d: &&Difference| says == [d.page_says.clone(), d.spec_says.clone()];
            let mut retain = |key: &str, is_needed: &dyn Fn(&str) -> bool| {
                let list = correction[key].as_array_mut().unwrap();
                list.retain(|value| is_needed(value.as_str().unwrap()));
                !list.is_empty()
            };
            let of_facts = || differences.iter().filter(is_its);
            let operations = retain("operations", &|id| {
                spec.operation(id).is_some() && (!is_fact || of_facts().any(|d| d.operation == id))
            });
            let pointers = retain("pointers", &|pointer| {
                if is_fact {
                    of_facts().any(|d| d.pointer == pointer)
                } else {
                    spec.value.pointer(pointer).is_some()
                }
            });
            operations && pointers
        });
    }

    /// The same operations under other names.
    fn renamed(self, copy: usize) -> Self {
        let names = Names {
            schemas: self.spec["components"]["schemas"]
                .as_object()
                .unwrap()
                .keys()
                .filter(|name| !matches!(name.as_str(), "SecretText" | "SecretJson"))
                .cloned()
                .collect(),
            suffix: format!("Copy{copy}"),
        };
        let mut spec = self.spec;
        names.rename_references(&mut spec);
        let paths = std::mem::take(spec["paths"].as_object_mut().unwrap());
        spec["paths"] = paths
            .into_iter()
            .map(|(path, item)| (names.path(&path), names.item(item)))
            .collect::<Map<_, _>>()
            .into();
        let schemas = std::mem::take(spec["components"]["schemas"].as_object_mut().unwrap());
        spec["components"]["schemas"] = schemas
            .into_iter()
            .map(|(name, schema)| (names.schema(&name), schema))
            .collect::<Map<_, _>>()
            .into();
        Self {
            spec,
            contracts: self
                .contracts
                .into_iter()
                .map(|c| names.contract(c))
                .collect(),
            corrections: self
                .corrections
                .into_iter()
                .map(|c| names.correction(c))
                .collect(),
        }
    }

    fn append(&mut self, other: Self) {
        let mut other = other;
        for part in ["/paths", "/components/schemas"] {
            let mut added = other.spec.pointer_mut(part).unwrap().take();
            let map = self
                .spec
                .pointer_mut(part)
                .unwrap()
                .as_object_mut()
                .unwrap();
            map.append(added.as_object_mut().unwrap());
        }
        self.contracts.append(&mut other.contracts);
        self.corrections.append(&mut other.corrections);
    }

    /// Writes it to a folder that commands can work in.
    pub fn write(&self, folder: &Path) -> Workspace {
        let write = |file: &str, text: String| {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("Cargo.toml", "[workspace]\n".to_owned());
        write(SPEC, format!("{:#}\n", self.spec));
        write(CORRECTIONS, format!("{:#}\n", json!(self.corrections)));
        fs::create_dir_all(folder.join(CONTRACTS)).unwrap();
        for contract in &self.contracts {
            write(&contract_file(id(contract)), format!("{contract:#}\n"));
        }
        Workspace::around(folder).unwrap()
    }
}

fn id(contract: &Value) -> &str {
    contract["operation_id"].as_str().unwrap()
}

struct Names {
    schemas: HashSet<String>,
    suffix: String,
}

impl Names {
    fn schema(&self, name: &str) -> String {
        if self.schemas.contains(name) {
            format!("{name}{}", self.suffix)
        } else {
            name.to_owned()
        }
    }

    fn path(&self, path: &str) -> String {
        format!("/{}{path}", self.suffix)
    }

    fn id(&self, id: &mut Value) {
        *id = format!("{}{}", id.as_str().unwrap(), self.suffix).into();
    }

    fn item(&self, mut item: Value) -> Value {
        for operation in item.as_object_mut().unwrap().values_mut() {
            self.id(&mut operation["operationId"]);
            self.id(&mut operation["x-command"][0]);
        }
        item
    }

    fn rename_references(&self, value: &mut Value) {
        let reference = value
            .get("$ref")
            .and_then(|_| reference_name(value))
            .map(|name| self.schema(name));
        match value {
            Value::Object(map) => {
                if let Some(name) = reference {
                    map["$ref"] = format!("#/components/schemas/{name}").into();
                }
                map.values_mut()
                    .for_each(|value| self.rename_references(value));
            }
            Value::Array(list) => list
                .iter_mut()
                .for_each(|value| self.rename_references(value)),
            _ => {}
        }
    }

    /// A type in the contract's notation.
    fn type_name(&self, value: &mut Value) {
        let text = value.as_str().unwrap_or_default();
        if let Some(name) = schema_name(text) {
            *value = text.replace(name, &self.schema(name)).into();
        }
    }

    fn contract(&self, mut contract: Value) -> Value {
        self.id(&mut contract["operation_id"]);
        contract["path"] = self.path(contract["path"].as_str().unwrap()).into();
        self.body(&mut contract["request_body"]);
        let responses = contract["responses"].as_object_mut().unwrap();
        responses.values_mut().for_each(|body| self.body(body));
        contract
    }

    fn body(&self, body: &mut Value) {
        if body.is_object() {
            self.type_name(&mut body["schema"]);
            self.fields(&mut body["fields"]);
        }
    }

    fn fields(&self, fields: &mut Value) {
        for field in fields.as_array_mut().unwrap() {
            self.type_name(&mut field["type"]);
            if let Some(inner) = field.get_mut("fields") {
                self.fields(inner);
            }
        }
    }

    fn correction(&self, mut correction: Value) -> Value {
        self.id(&mut correction["name"]);
        for operation in correction["operations"].as_array_mut().unwrap() {
            self.id(operation);
        }
        for pointer in correction["pointers"].as_array_mut().unwrap() {
            let segments: Vec<&str> = pointer.as_str().unwrap().split('/').collect();
            *pointer = match segments.as_slice() {
                ["", "paths", path, rest @ ..] => {
                    let prefix = escape(&self.path(""));
                    format!("/paths/{prefix}{path}/{}", rest.join("/"))
                }
                ["", "components", "schemas", name, rest @ ..] => {
                    format!(
                        "/components/schemas/{}/{}",
                        self.schema(name),
                        rest.join("/")
                    )
                }
                _ => segments.join("/"),
            }
            .into();
        }
        for side in ["page_says", "spec_says"] {
            let value = &mut correction[side];
            match value
                .as_str()
                .and_then(|text| text.strip_prefix("#/components/schemas/"))
            {
                Some(name) => {
                    *value = format!("#/components/schemas/{}", self.schema(name)).into();
                }
                None => self.type_name(value),
            }
        }
        correction
    }
}
