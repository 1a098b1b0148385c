use super::*;

fn shown(text: &str) -> String {
    tokens(text)
        .iter()
        .filter(|token| token.kind != Kind::Space)
        .map(|token| {
            let word = &text[token.range.clone()];
            match token.kind {
                Kind::Keyword => format!("K{word}"),
                Kind::Reserved => format!("R{word}"),
                Kind::Name => format!("n{word}"),
                Kind::Number => format!("0{word}"),
                Kind::Text { closed: true } => format!("T{word}"),
                Kind::Text { closed: false } => format!("T?{word}"),
                Kind::Char => format!("C{word}"),
                Kind::Comment { closed: true } => format!("/{word}"),
                Kind::Comment { closed: false } => format!("/?{word}"),
                Kind::Open => format!("<{word}"),
                Kind::Close => format!(">{word}"),
                Kind::Sign | Kind::Space => word.to_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_line_of_every_kind() {
    assert_eq!(
        shown("let c = run(base(), #{ env: 'x' }); // end"),
        "Klet nc = nrun <( nbase <( >) , <#{ nenv : C'x' >} >) ; /// end"
    );
    assert_eq!(shown("1_000 + 0xff_f * 1.5e-3 .. 1..5"), "01_000 + 00xff_f * 01.5e-3 . . 01 . . 05");
    assert_eq!(shown("1.abs() 2. 3e"), "01 . nabs <( >) 02. 03 ne");
    assert_eq!(shown("match x_1 ä"), "Rmatch nx_1 nä");
}

#[test]
fn texts_of_every_kind() {
    assert_eq!(shown(r#""a \" b" "c"#), r#"T"a \" b" T?"c"#);
    assert_eq!(shown("\"a\nb"), "T?\"a nb");
    assert_eq!(shown("\"a\\\nb\""), "T\"a\\\nb\"");
    assert_eq!(shown("`a ${b + `c ${d}`} e` f"), "T`a  <${ nb + T`c  <${ nd >} T` >} T e` nf");
    assert_eq!(shown("`a `` b`"), "T`a `` b`");
    assert_eq!(shown("`${#{a: 1}.a}`"), "T` <${ <#{ na : 01 >} . na >} T`");
    assert_eq!(shown("`a ${b"), "T`a  <${ nb");
    assert_eq!(shown("`a ${b} c"), "T`a  <${ nb >} T? c");
    assert_eq!(shown(r####"##"a "# b"## #"c"####), r####"T##"a "# b"## T?#"c"####);
    assert_eq!(shown(r"'\n' '\x41' 'ab'; '"), r"C'\n' C'\x41' ' nab ' ; '");
}

#[test]
fn comments_nest_and_may_be_open() {
    assert_eq!(shown("a /* b /* c */ d */ e"), "na //* b /* c */ d */ ne");
    assert_eq!(shown("a /* b"), "na /?/* b");
    assert_eq!(shown("/*/ x"), "/?/*/ x");
}

#[test]
fn nothing_is_lost_whatever_is_typed() {
    for text in [
        "",
        "\u{2007}",
        "`${",
        "}}}",
        "'\\",
        "\"\\",
        "#",
        "##",
        "0x",
        "1.",
        "日本 + 'é'",
        "a\r\n\tb",
        "'\\u{1}'",
    ] {
        let tokens = tokens(text);
        let mut at = 0;
        for token in &tokens {
            assert_eq!(token.range.start, at, "{text:?}: {tokens:?}");
            assert!(token.range.end > at, "{text:?}: {tokens:?}");
            at = token.range.end;
        }
        assert_eq!(at, text.len(), "{text:?}");
    }
}

#[test]
fn brackets_find_their_partner() {
    let text = "f(a[1], `)${b(2)}`, #{})";
    let tokens = tokens(text);
    let of = |at| partner(text, &tokens, at).map(|range| range.start);
    assert_eq!(of(1), Some(23));
    assert_eq!(of(23), Some(1));
    assert_eq!(of(3), Some(5));
    assert_eq!(of(13), Some(15));
    assert_eq!(of(20), Some(22));
    assert_eq!(of(0), None);
    let text = "f(a]";
    assert_eq!(partner(text, &super::tokens(text), 1), None);
    assert_eq!(partner(text, &super::tokens(text), 3), None);
}
