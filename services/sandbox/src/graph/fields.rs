//! `fields=id,name,comments.limit(5).summary(true){id,message}`: which fields of a node an answer holds.

use serde_json::{Map, Value};

use super::{Params, Problem};

/// Deepest nesting and most fields of one request.
const DEEPEST: usize = 4;
const MOST: usize = 200;

#[derive(Debug, PartialEq)]
pub(crate) struct Fields(Vec<Field>);

#[derive(Debug, PartialEq)]
struct Field {
    name: String,
    arguments: Vec<(String, String)>,
    inner: Option<Fields>,
}

impl Fields {
    /// What the request asks for, or the fields that a node has by itself.
    pub(crate) fn of(params: &Params, usual: &str) -> Result<Self, Problem> {
        Self::parse(&params.word("fields")?.unwrap_or_else(|| usual.to_owned()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut reader = Reader { rest: text, count: 0 };
        let fields = reader.list(0).filter(|_| reader.rest.is_empty());
        fields.ok_or_else(|| Problem::new(2500, "Syntax error \"Expected a valid fields parameter\""))
    }

    /// The fields of `node`, which holds all there are of its type: what is null is left out, what is not there is refused.
    pub(crate) fn pick(&self, node: &Value, kind: &str) -> Result<Value, Problem> {
        let mut picked = Map::new();
        for field in &self.0 {
            let nonexisting = || {
                Problem::invalid(format!("Tried accessing nonexisting field ({}) on node type ({kind})", field.name))
            };
            let value = node.get(&field.name).ok_or_else(nonexisting)?;
            if !value.is_null() {
                picked.insert(field.name.clone(), field.shape(value)?);
            }
        }
        if let Some(id) = node.get("id") {
            picked.insert("id".to_owned(), id.clone());
        }
        Ok(picked.into())
    }
}

impl Field {
    fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An edge has `data`, of which an argument may take the first so many, and a summary only when asked for.
    fn shape(&self, value: &Value) -> Result<Value, Problem> {
        let mut value = value.clone();
        if let Some(Value::Array(items)) = value.get_mut("data") {
            if let Some(limit) = self.argument("limit") {
                items.truncate(limit.parse().map_err(|_| Problem::invalid("Param limit must be an integer"))?);
            }
            if let Some(inner) = &self.inner {
                for item in items {
                    *item = inner.pick(item, &self.name)?;
                }
            }
            if self.argument("summary").is_none()
                && let Some(edge) = value.as_object_mut()
            {
                edge.remove("summary");
            }
            return Ok(value);
        }
        match &self.inner {
            Some(inner) if value.is_object() => inner.pick(&value, &self.name),
            Some(_) => Err(Problem::invalid(format!("Subselection on a field that has none ({})", self.name))),
            None => Ok(value),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    count: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, letter: char) -> bool {
        let rest = self.rest.strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word.trim()
    }

    fn name(&mut self) -> Option<&'a str> {
        let word = self.until(&[',', '.', '(', ')', '{', '}']);
        let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain.then_some(word)
    }

    fn list(&mut self, depth: usize) -> Option<Fields> {
        let mut fields = vec![self.field(depth)?];
        while self.take(',') {
            fields.push(self.field(depth)?);
        }
        Some(Fields(fields))
    }

    fn field(&mut self, depth: usize) -> Option<Field> {
        self.count += 1;
        if depth > DEEPEST || self.count > MOST {
            return None;
        }
        let (name, mut arguments) = (self.name()?.to_owned(), Vec::new());
        while self.take('.') {
            let key = self.name()?.to_owned();
            let value = self.take('(').then(|| self.until(&[')']))?.to_owned();
            self.take(')').then_some(())?;
            arguments.push((key, value));
        }
        let inner = if self.take('{') {
            let inner = self.list(depth + 1)?;
            self.take('}').then_some(inner)
        } else {
            None
        };
        Some(Field { name, arguments, inner })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_picked_at_every_depth() {
        let node = json!({
            "id": "1", "name": "a", "about": null,
            "likes": {"data": [], "summary": {"total_count": 3}},
            "comments": {"data": [{"id": "2", "message": "b"}, {"id": "3", "message": "c"}]},
        });
        let pick = |text: &str| Fields::parse(text).and_then(|fields| fields.pick(&node, "Page")).ok();
        assert_eq!(pick("name,about"), Some(json!({"id": "1", "name": "a"})));
        assert_eq!(
            pick("comments.limit(1){message}"),
            Some(json!({"id": "1", "comments": {"data": [{"id": "2", "message": "b"}]}}))
        );
        assert_eq!(pick("likes.summary(true)"), Some(json!({"id": "1", "likes": node["likes"]})));
        assert_eq!(pick("likes"), Some(json!({"id": "1", "likes": {"data": []}})));
        assert_eq!(pick("colour"), None);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in ["", ",", "a,", "a{", "a{}", "a}", "a.b", "a.b(", "a b", "a{b{c{d{e{f{g}}}}}}"] {
            assert!(Fields::parse(text).is_err(), "{text}");
        }
    }
}
