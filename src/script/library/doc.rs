//! A module's documentation, read from its comments.
//!
//! `//!` lines at the top are the module's, `///` lines before a function the function's; their first
//! line is a summary. Code between fences is an example: it runs by itself once the module is
//! imported as the last part of its name, in the container engine if the fence says `engine`. A line
//! that ends with `// => value` claims what it gives; after a bare `// =>` the lines of a text follow.

use rhai::{Engine, FnAccess, Module};

use crate::script::verbs::Needs;

/// A module's documentation.
#[derive(Debug, Clone, Default)]
pub struct ModuleDoc {
    /// Its name, such as `std/text`.
    pub name: String,
    /// One line.
    pub summary: String,
    /// All of it, Markdown, the summary first.
    pub doc: String,
    /// Its public functions, in the order of the text.
    pub functions: Vec<FunctionDoc>,
}

/// A function's documentation.
#[derive(Debug, Clone)]
pub struct FunctionDoc {
    /// Its name.
    pub name: String,
    /// The ways to call it, in the order of the text.
    pub ways: Vec<Way>,
}

/// One way to call a function.
#[derive(Debug, Clone)]
pub struct Way {
    /// The type it is a method of, if it is one.
    pub receiver: Option<String>,
    /// Its parameters' names.
    pub parameters: Vec<String>,
    /// Markdown, the summary first.
    pub doc: String,
}

/// Code that shows something, and runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The code.
    pub code: String,
    /// What must be there.
    pub needs: Needs,
}

/// A part of an example, up to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The code.
    pub code: String,
    /// What it gives.
    pub claim: Option<Claim>,
}

/// What an example says that its code gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The value of this expression.
    Value(String),
    /// This text.
    Text(String),
}

impl ModuleDoc {
    /// The documentation of the module `name`; without functions if `text` does not compile.
    #[must_use]
    pub fn read(name: &str, text: &str) -> Self {
        // Nothing is called, so the engine needs no function; what the session can parse this can.
        let mut engine = Engine::new_raw();
        engine.set_max_expr_depths(0, 0);
        let ast = engine.compile(text).unwrap_or_default();
        Self::of(name, ast.doc(), ast.shared_lib())
    }

    /// The documentation of the functions of `functions`, the module `name`, and of itself in `comments`.
    #[must_use]
    pub fn of(name: &str, comments: &str, functions: &Module) -> Self {
        let doc = lines(comments, "//!");
        let summary = first_line(&doc);
        let mut functions: Vec<_> = functions
            .iter_script_fn_info()
            .filter(|(_, access, name, ..)| *access == FnAccess::Public && !name.starts_with("anon$"))
            .map(|(_, _, name, _, function)| {
                let start = function.body.start_position();
                let way = Way {
                    receiver: function.this_type.as_ref().map(ToString::to_string),
                    parameters: function.params.iter().map(ToString::to_string).collect(),
                    doc: lines(&function.comments.join("\n"), "///"),
                };
                ((start.line(), start.position()), name.to_owned(), way)
            })
            .collect();
        functions.sort_by_key(|(place, ..)| *place);
        let mut grouped: Vec<FunctionDoc> = Vec::new();
        for (_, name, way) in functions {
            match grouped.iter_mut().find(|known| known.name == name) {
                Some(known) => known.ways.push(way),
                None => grouped.push(FunctionDoc { name, ways: vec![way] }),
            }
        }
        Self { name: name.to_owned(), summary, doc, functions: grouped }
    }

    /// What it is usually imported as.
    #[must_use]
    pub fn alias(&self) -> &str {
        super::alias(&self.name)
    }

    /// The function called `name`.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&FunctionDoc> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Its own examples, without those of its functions.
    #[must_use]
    pub fn examples(&self) -> Vec<Example> {
        examples(&self.doc)
    }
}

impl FunctionDoc {
    /// One line: the first of the first way.
    #[must_use]
    pub fn summary(&self) -> String {
        self.ways.first().map(|way| first_line(&way.doc)).unwrap_or_default()
    }

    /// `text::wrap(text, width)`, one a way; a method as `.step(title)`.
    #[must_use]
    pub fn signatures(&self, alias: &str) -> Vec<String> {
        let of = |way: &Way| {
            let parameters = way.parameters.join(", ");
            match way.receiver {
                Some(_) => format!(".{}({parameters})", self.name),
                None => format!("{alias}::{}({parameters})", self.name),
            }
        };
        self.ways.iter().map(of).collect()
    }

    /// The examples of all ways.
    #[must_use]
    pub fn examples(&self) -> Vec<Example> {
        self.ways.iter().flat_map(|way| examples(&way.doc)).collect()
    }
}

impl Example {
    /// The code in parts, each up to a claim.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut code = String::new();
        let mut lines = self.code.lines().peekable();
        while let Some(line) = lines.next() {
            let Some((before, claim)) = line.split_once("// =>") else {
                code.push_str(line);
                code.push('\n');
                continue;
            };
            code.push_str(before.trim_end());
            let claim = match claim.trim() {
                "" => {
                    let mut text = Vec::new();
                    while let Some(line) = lines.next_if(|line| line.starts_with("//")) {
                        text.push(line[2..].strip_prefix(' ').unwrap_or(&line[2..]));
                    }
                    Claim::Text(text.join("\n"))
                }
                value => Claim::Value(value.to_owned()),
            };
            steps.push(Step { code: std::mem::take(&mut code), claim: Some(claim) });
        }
        if !code.trim().is_empty() {
            steps.push(Step { code, claim: None });
        }
        steps
    }
}

/// Comment lines without what makes them comments.
fn lines(comments: &str, leader: &str) -> String {
    let lines = comments.lines().map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix(leader).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).trim_end()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn first_line(doc: &str) -> String {
    doc.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn examples(doc: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut open: Option<Example> = None;
    for line in doc.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let needs = if language.trim() == "engine" { Needs::Engine } else { Needs::Nothing };
                open = Some(Example { code: String::new(), needs });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(example), None) => {
                example.code.push_str(line);
                example.code.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}
