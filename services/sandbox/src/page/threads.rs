//! Posts joined into conversations.

use std::collections::HashMap;

use super::Shown;
use crate::network::Platform;

/// A first post and its replies, each with its depth, in reading order.
pub(super) struct Thread {
    pub(super) posts: Vec<(usize, Shown)>,
}

/// Conversations, the one with the newest post first. A reply whose parent is gone begins one of its own.
pub(super) fn join(mut posts: Vec<Shown>, limit: usize) -> Vec<Thread> {
    posts.sort_by_key(|post| std::cmp::Reverse(post.at));
    posts.truncate(limit);
    posts.reverse();
    let present: HashMap<(Platform, String), usize> =
        posts.iter().enumerate().map(|(index, post)| ((post.platform, post.id.clone()), index)).collect();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for (index, post) in posts.iter().enumerate() {
        let parent = post.parent.as_ref().and_then(|parent| present.get(&(post.platform, parent.clone())));
        match parent {
            Some(parent) if *parent < index => children.entry(*parent).or_default().push(index),
            _ => roots.push(index),
        }
    }
    let mut threads: Vec<Thread> =
        roots.into_iter().map(|root| Thread { posts: walk(root, &children, &posts) }).collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.posts.iter().map(|(_, post)| post.at).max()));
    threads
}

/// Depth first, without recursion: a thread may be thousands of posts deep.
fn walk(root: usize, children: &HashMap<usize, Vec<usize>>, posts: &[Shown]) -> Vec<(usize, Shown)> {
    let (mut thread, mut waiting) = (Vec::new(), vec![(0, root)]);
    while let Some((depth, index)) = waiting.pop() {
        thread.extend(posts.get(index).map(|post| (depth, post.clone())));
        let replies = children.get(&index).into_iter().flatten().rev();
        waiting.extend(replies.map(|reply| (depth + 1, *reply)));
    }
    thread
}
