//! The language's own methods that are worth offering.

/// A method of one of the language's own types.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, as signatures show them.
    pub params: &'static [&'static str],
    /// What it gives: a type, `same`, `item`, `items` (an array of text), or nothing that is known.
    pub gives: &'static str,
    /// One line.
    pub about: &'static str,
}

const fn m(
    name: &'static str,
    params: &'static [&'static str],
    gives: &'static str,
    about: &'static str,
) -> Method {
    Method { name, params, gives, about }
}

const TEXT: &[Method] = &[
    m("len", &[], "number", "how many characters"),
    m("is_empty", &[], "true or false", "whether there is none"),
    m("contains", &["text"], "true or false", "whether the text is in it"),
    m("starts_with", &["text"], "true or false", "whether it begins so"),
    m("ends_with", &["text"], "true or false", "whether it ends so"),
    m("split", &["text"], "items", "the pieces between, an array"),
    m("trim", &[], "", "takes blanks away at both ends; changes the variable"),
    m("to_upper", &[], "text", "in capitals"),
    m("to_lower", &[], "text", "in small letters"),
    m("replace", &["text", "text"], "", "every first one becomes the second; changes the variable"),
    m("sub_string", &["start", "count"], "text", "so many characters from there"),
    m("index_of", &["text"], "number", "where it is, or -1"),
    m("crop", &["start", "count"], "", "keeps only that part; changes the variable"),
    m("pad", &["count", "text"], "", "so long at least; changes the variable"),
    m("chars", &[], "", "its characters, for `for`"),
    m("parse_int", &[], "number", "the number that it spells"),
    m("parse_float", &[], "decimal number", "the decimal number that it spells"),
    m("bytes", &[], "number", "how many bytes"),
];

const ARRAY: &[Method] = &[
    m("len", &[], "number", "how many items"),
    m("is_empty", &[], "true or false", "whether there is none"),
    m("push", &["item"], "", "adds one at the end"),
    m("pop", &[], "item", "takes the last away"),
    m("filter", &["|item| bool"], "same", "the items for which the closure says true"),
    m("map", &["|item| value"], "array", "what the closure gives for each"),
    m("reduce", &["|sum, item| value"], "", "one value of all"),
    m("contains", &["item"], "true or false", "whether it is in it"),
    m("index_of", &["item"], "number", "where it is, or -1"),
    m("find", &["|item| bool"], "item", "the first for which the closure says true, else `()`"),
    m("some", &["|item| bool"], "true or false", "whether it is true for one"),
    m("all", &["|item| bool"], "true or false", "whether it is true for every one"),
    m("sort", &[], "", "in order; changes the array"),
    m("dedup", &[], "", "takes repeated neighbours away; changes the array"),
    m("reverse", &[], "", "the other way round; changes the array"),
    m("extract", &["start", "count"], "same", "a part of it"),
    m("append", &["array"], "", "adds all of another one"),
    m("insert", &["index", "item"], "", "adds one there"),
    m("remove", &["index"], "item", "takes that one away"),
    m("clear", &[], "", "takes all away"),
    m("zip", &["array", "|left, right| value"], "array", "pairs of two arrays"),
];

const MAP: &[Method] = &[
    m("len", &[], "number", "how many keys"),
    m("is_empty", &[], "true or false", "whether there is none"),
    m("keys", &[], "items", "its keys, an array"),
    m("values", &[], "array", "its values, an array"),
    m("contains", &["text"], "true or false", "whether it has the key"),
    m("remove", &["text"], "", "takes a key away, gives its value"),
    m("mixin", &["map"], "", "adds all of another one"),
    m("get", &["text"], "", "the value of a key, `()` where there is none"),
    m("set", &["text", "item"], "", "a key's value"),
    m("filter", &["|key, value| bool"], "same", "the keys for which the closure says true"),
    m("clear", &[], "", "takes all away"),
];

const BLOB: &[Method] = &[
    m("len", &[], "number", "how many bytes"),
    m("is_empty", &[], "true or false", "whether there is none"),
    m("as_string", &[], "text", "the text that the bytes are"),
    m("extract", &["start", "count"], "same", "a part of it"),
    m("push", &["byte"], "", "adds one at the end"),
    m("to_array", &[], "array", "an array of numbers"),
];

const NUMBER: &[Method] = &[
    m("abs", &[], "number", "without its sign"),
    m("sign", &[], "number", "-1, 0 or 1"),
    m("to_float", &[], "decimal number", "as a decimal number"),
    m("to_hex", &[], "text", "in hexadecimal digits"),
    m("to_string", &[], "text", "as text"),
];

const DECIMAL: &[Method] = &[
    m("abs", &[], "decimal number", "without its sign"),
    m("floor", &[], "decimal number", "the whole number below"),
    m("ceiling", &[], "decimal number", "the whole number above"),
    m("round", &[], "decimal number", "the nearest whole number"),
    m("to_int", &[], "number", "without what is behind the point"),
    m("to_string", &[], "text", "as text"),
];

/// Those of one type.
#[must_use]
pub fn of(name: &str) -> &'static [Method] {
    match name {
        "text" => TEXT,
        "array" => ARRAY,
        "map" => MAP,
        "blob" => BLOB,
        "number" => NUMBER,
        "decimal number" => DECIMAL,
        _ => &[],
    }
}

/// One of them.
#[must_use]
pub fn find(of_type: &str, name: &str) -> Option<&'static Method> {
    of(of_type).iter().find(|method| method.name == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::session;
    use super::*;

    /// What could be given for a parameter.
    fn argument(param: &str) -> &str {
        match param {
            "text" => "\"1\"",
            "item" | "byte" | "count" => "1",
            "start" | "index" => "0",
            "array" => "[1]",
            "map" => "#{ b: 2 }",
            "|item| bool" | "|key, value| bool" => "|x| true",
            "|item| value" => "|x| 1",
            "|sum, item| value" | "|left, right| value" => "|a, b| 1",
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_method_is_there_and_gives_what_it_says() {
        for (of_type, sample) in [
            ("text", "\"1\""),
            ("array", "[1]"),
            ("map", "#{ \"1\": 1 }"),
            ("blob", "blob(2, 65)"),
            ("number", "5"),
            ("decimal number", "1.5"),
        ] {
            for method in of(of_type) {
                let arguments: Vec<&str> = method.params.iter().map(|param| argument(param)).collect();
                let code = format!("let x = {sample}; x.{}({})", method.name, arguments.join(", "));
                let outcome = session().feed(&code, "t");
                assert!(outcome.error.is_none(), "{code}: {:?}", outcome.error);
                let got = outcome.value.map(|value| value.type_name()).unwrap_or_default();
                let wanted = match method.gives {
                    "same" => of_type,
                    "item" => "number",
                    "items" => "array",
                    "" => continue,
                    other => other,
                };
                assert_eq!(got, wanted, "{code}");
            }
        }
        assert!(find("text", "split").is_some() && find("text", "push").is_none() && of("Image").is_empty());
    }
}
