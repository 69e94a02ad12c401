use proptest::prelude::*;

use super::*;

fn links(text: &str) -> Vec<&str> {
    find(text, Scheme::Optional).into_iter().map(|link| &text[link]).collect()
}

/// What twitter-text 3.1.0 was seen to find.
#[test]
fn links_are_found_as_x_finds_them() {
    let none: &[&str] = &[];
    for (text, expected) in [
        ("example.com ok", &["example.com"][..]),
        ("foo@example.com", none),
        ("http://localhost/x", none),
        ("it.so cool", &["it.so"]),
        ("http://t.co/abcdEF123x/y?z", &["http://t.co/abcdEF123x"]),
        ("https://t.co/abc?x=1", &["https://t.co/abc?x=1"]),
        ("t.co/abc/d", &["t.co/abc/d"]),
        ("(https://example.com/a_(b))", &["https://example.com/a_(b)"]),
        ("https://example.com/a_(b_(c))d", &["https://example.com/a_(b_(c))d"]),
        ("https://example.com/a(b", &["https://example.com/a"]),
        ("https://example.com/)", &["https://example.com/"]),
        ("https://example.com/?", &["https://example.com/"]),
        ("https://example.com/a,b.", &["https://example.com/a,b"]),
        ("https://example.com/a?b=ä", &["https://example.com/a?b="]),
        ("https://example.com?x=1", &["https://example.com?x=1"]),
        ("https://example.com#frag", &["https://example.com"]),
        ("https://example.com.notatld/x", &["https://example.com"]),
        ("https://example.comx", none),
        ("https://a.com:80x", &["https://a.com:80"]),
        ("http://a.com/[a]", &["http://a.com/[a"]),
        ("http://a.com/{a}", &["http://a.com/"]),
        ("http://a.com/@a", &["http://a.com/@a"]),
        ("http://a.com/Ⅷ", &["http://a.com/"]),
        ("https://example.com/中文", &["https://example.com/"]),
        ("https://example.com/пример", &["https://example.com/пример"]),
        ("HTTP://EXAMPLE.COM", &["HTTP://EXAMPLE.COM"]),
        ("http://http://example.com", &["http://example.com"]),
        ("hhttp://example.com", none),
        ("日http://example.com", &["http://example.com"]),
        ("ftp://example.com", none),
        ("http://user:pw@example.com/", none),
        ("http://☃.net", &["http://☃.net"]),
        ("http://пример.рф", &["http://пример.рф"]),
        ("пример.рф", none),
        ("日本example.com", &["example.com"]),
        ("example.com日本", &["example.com"]),
        ("a.com。b.com", &["a.com", "b.com"]),
        ("é.com", &["é.com"]),
        ("éb.com", &["b.com"]),
        ("a éb.com", &["éb.com"]),
        ("http://t.co/abпhttp://t.co/ab", &["http://t.co/ab"]),
        ("org.devexample.com?q=1&r=2.co.uk", &["org.devexample.com"]),
        ("example.com/」b.com", &["example.com/", "b.com"]),
        ("x.y.рфé", &["x.y.рф"]),
        ("example.com:80", &["example.com"]),
        ("example.com:80/x", &["example.com:80/x"]),
        ("example.com?x=1", &["example.com"]),
        ("example.com,example.org", &["example.com", "example.org"]),
        ("sub_d.example.com", &["d.example.com"]),
        ("https://sub_d.example.com", &["https://sub_d.example.com"]),
        ("https://ex_ample.com", none),
        ("exa_mple.com", none),
        ("a-.com", none),
        ("-a.com", none),
        ("a--b.com", &["a--b.com"]),
        ("example.com-", none),
        ("example.com_x", &["example.com"]),
        ("foo.xn--abc", &["foo.xn--abc"]),
        ("/example.com", none),
        ("$example.com", none),
        ("#example.com", none),
        ("node.js v1.2.3 e.g. U.S.A", none),
        ("hello.world foo.bar", &["hello.world", "foo.bar"]),
    ] {
        assert_eq!(links(text), expected, "{text}");
    }
}

#[test]
fn without_a_scheme_nothing_is_a_link_where_one_is_required() {
    let text = "example.com https://example.org";
    let found: Vec<&str> = find(text, Scheme::Required).into_iter().map(|link| &text[link]).collect();
    assert_eq!(found, ["https://example.org"]);
}

proptest! {
    #[test]
    fn any_text_gives_ordered_ranges_on_boundaries(
        text in proptest::string::string_regex("(\\PC|http://|https://|\\.com|\\.|/|:8|\\?a=|@|_|-|é|日|\\(|\\)|t\\.co/| ){0,60}").expect("a valid pattern"),
    ) {
        for scheme in [Scheme::Required, Scheme::Optional] {
            let mut last = 0;
            for link in find(&text, scheme) {
                prop_assert!(link.start >= last && link.start < link.end);
                prop_assert!(text.is_char_boundary(link.start) && text.is_char_boundary(link.end));
                last = link.end;
            }
        }
    }
}
