//! The page as HTML.

use std::fmt::Write;

use jiff::Timestamp;

use super::html::{Escaped, safe_link};
use super::threads::Thread;
use super::{Card, Picture, Shown, Span};
use crate::network::Platform;

pub(super) fn page(threads: &[Thread], only: Option<Platform>, now: Timestamp) -> String {
    let mut html = String::with_capacity(4096 + threads.len() * 1024);
    html.push_str(concat!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<title>Sandbox: the social networks in a box</title>\n",
        "<link rel=\"stylesheet\" href=\"/_sandbox/style.css\">\n</head>\n<body>\n",
        "<header><h1>The social networks in a box</h1>\n",
        "<p>Everything that was published here, newest first. Nothing on this page left this machine.</p>\n",
    ));
    let _ = writeln!(html, "<p>The sandbox's clock says {}.</p>", time(now));
    navigation(&mut html, only);
    html.push_str("</header>\n<main>\n");
    if threads.is_empty() {
        html.push_str("<p class=\"empty\">No posts yet.</p>\n");
    }
    for thread in threads {
        html.push_str("<section class=\"thread\">\n");
        for (depth, post) in &thread.posts {
            article(&mut html, *depth, post);
        }
        html.push_str("</section>\n");
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn label(platform: Platform) -> &'static str {
    match platform {
        Platform::Bluesky => "Bluesky",
        Platform::LinkedIn => "LinkedIn",
        Platform::Facebook => "Facebook",
        Platform::Threads => "Threads",
        Platform::Mastodon => "Mastodon",
        Platform::X => "X",
    }
}

fn time(at: Timestamp) -> String {
    format!("<time datetime=\"{at}\">{}</time>", at.strftime("%-d %b %Y, %H:%M:%S UTC"))
}

fn navigation(html: &mut String, only: Option<Platform>) {
    let current = |here: bool| if here { " aria-current=\"page\"" } else { "" };
    let _ = write!(html, "<nav aria-label=\"Networks\"><a href=\"/\"{}>All</a>", current(only.is_none()));
    for platform in Platform::ALL {
        let (name, here) = (platform.name(), current(only == Some(platform)));
        let _ = write!(html, " <a href=\"/?platform={name}\"{here}>{}</a>", label(platform));
    }
    html.push_str("</nav>\n");
}

// Writing to a string cannot fail, so the results of `write!` are dropped throughout.
fn article(html: &mut String, depth: usize, post: &Shown) {
    let network = label(post.platform);
    let depth = depth.min(6);
    let _ = writeln!(html, "<article class=\"post {} depth-{depth}\">", post.platform.name());
    let _ = writeln!(
        html,
        "<header><span class=\"avatar\" aria-hidden=\"true\">{}</span><p><strong>{}</strong> <span class=\"handle\">{}</span></p><p class=\"where\">{} on {network}{}</p></header>",
        Escaped(&initial(&post.author)),
        Escaped(&post.author),
        Escaped(&post.handle),
        if post.parent.is_some() { "Reply" } else { "Post" },
        post.note.as_ref().map(|note| format!(", {}", Escaped(note))).unwrap_or_default(),
    );
    match &post.warning {
        Some(warning) => {
            let _ = writeln!(html, "<details><summary>{}</summary>", Escaped(warning));
            content(html, post);
            html.push_str("</details>\n");
        }
        None => content(html, post),
    }
    let _ = writeln!(html, "<footer>{} <code>{}</code></footer>\n</article>", time(post.at), Escaped(&post.id));
}

fn initial(name: &str) -> String {
    name.chars().next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default()
}

fn content(html: &mut String, post: &Shown) {
    html.push_str("<p class=\"text\" dir=\"auto\">");
    for span in &post.text {
        self::span(html, span);
    }
    html.push_str("</p>\n");
    if !post.pictures.is_empty() {
        html.push_str("<div class=\"pictures\">\n");
        for picture in &post.pictures {
            self::picture(html, picture);
        }
        html.push_str("</div>\n");
    }
    if !post.choices.is_empty() {
        html.push_str("<ul class=\"poll\" aria-label=\"Poll\">");
        for choice in &post.choices {
            let _ = write!(html, "<li>{}</li>", Escaped(choice));
        }
        html.push_str("</ul>\n");
    }
    if let Some(quote) = &post.quote {
        let _ = writeln!(html, "<blockquote>{}</blockquote>", Escaped(quote));
    }
    if let Some(card) = &post.card {
        self::card(html, card);
    }
}

fn span(html: &mut String, span: &Span) {
    let text = Escaped(&span.text);
    let _ = match span.link.as_deref().and_then(safe_link) {
        Some(link) => {
            write!(html, "<a href=\"{}\" rel=\"nofollow noopener noreferrer\">{text}</a>", Escaped(link))
        }
        None if span.marked => write!(html, "<span class=\"marked\">{text}</span>"),
        None => write!(html, "{text}"),
    };
}

fn picture(html: &mut String, picture: &Picture) {
    let (url, alt) = (Escaped(&picture.url), Escaped(&picture.alt));
    let caption = if picture.alt.is_empty() { "No alt text".to_owned() } else { format!("Alt text: {alt}") };
    let _ = if picture.video {
        writeln!(
            html,
            "<figure><video controls preload=\"metadata\" src=\"{url}\" aria-label=\"{alt}\"></video><figcaption>{caption}</figcaption></figure>"
        )
    } else {
        writeln!(
            html,
            "<figure><img src=\"{url}\" alt=\"{alt}\" loading=\"lazy\"><figcaption>{caption}</figcaption></figure>"
        )
    };
}

fn card(html: &mut String, card: &Card) {
    let title = Escaped(&card.title);
    let head = match safe_link(&card.link) {
        Some(link) => format!("<a href=\"{}\" rel=\"nofollow noopener noreferrer\">{title}</a>", Escaped(link)),
        None => title.to_string(),
    };
    let (description, link) = (Escaped(&card.description), Escaped(&card.link));
    let _ =
        writeln!(html, "<aside class=\"card\"><p>{head}</p><p>{description}</p><p class=\"handle\">{link}</p></aside>");
}
