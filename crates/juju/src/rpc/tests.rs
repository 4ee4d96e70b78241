//! Against bytes that Go wrote: its `net/rpc`, with a method and types as Juju has them.

use proptest::prelude::*;

use super::*;

/// The replies to four requests on one connection: a success, an error, a success again and a failure.
const REPLIES: [&[u8]; 4] = [
    b"\x3a\xff\x85\x03\x01\x01\x08Response\x01\xff\x86\x00\x01\x03\x01\x0dServiceMethod\x01\x0c\x00\
      \x01\x03Seq\x01\x06\x00\x01\x05Error\x01\x0c\x00\x00\x00\x0f\xff\x86\x01\x0aJujuc.Main\x00\
      \x39\xff\x87\x03\x01\x01\x0cExecResponse\x01\xff\x88\x00\x01\x03\x01\x04Code\x01\x04\x00\
      \x01\x06Stdout\x01\x0a\x00\x01\x06Stderr\x01\x0a\x00\x00\x00\x0a\xff\x88\x02\x05true\x0a\x00",
    b"\x37\xff\x86\x01\x0aJujuc.Main\x01\x01\x01\x24bad request: unknown command: nosuch\x00\
      \x0a\xff\x89\x03\x01\x02\xff\x8a\x00\x00\x00\x03\xff\x8a\x00",
    b"\x11\xff\x86\x01\x0aJujuc.Main\x01\x02\x00\x0a\xff\x88\x02\x05true\x0a\x00",
    b"\x11\xff\x86\x01\x0aJujuc.Main\x01\x03\x00\x10\xff\x88\x01\x04\x02\x09ERROR no\x0a\x00",
];

fn answers() -> [Reply; 4] {
    let yes = || Reply::Ran { code: 0, stdout: b"true\n".to_vec(), stderr: Vec::new() };
    [
        yes(),
        Reply::Error("bad request: unknown command: nosuch".to_owned()),
        yes(),
        Reply::Ran { code: 2, stdout: Vec::new(), stderr: b"ERROR no\n".to_vec() },
    ]
}

/// All that `bytes` say, received in parts of `size`, up to what is odd.
fn read(bytes: &[u8], size: usize) -> (Vec<Reply>, Option<Odd>) {
    let (mut incoming, mut replies) = (Incoming::default(), Vec::new());
    for part in bytes.chunks(size) {
        incoming.bytes.extend(part);
        loop {
            match incoming.reply(replies.len() as u64) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(odd) => return (replies, Some(odd)),
            }
        }
    }
    (replies, None)
}

fn request<'a>(command: &'a str, args: &'a [&'a str], stdin: Option<&'a [u8]>) -> Request<'a> {
    Request { context_id: "app/0-x-1", dir: "/d", command, args, stdin }
}

#[test]
fn a_request_is_written_as_go_writes_it() {
    let json = ["--format=json"];
    let value: &[u8] =
        b"\x2d\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x09is-leader\x01\x01\x0d--format=json\x00";
    let types =
        b"\x2e\x7f\x03\x01\x01\x07Request\x01\xff\x80\x00\x01\x02\x01\x0dServiceMethod\x01\x0c\x00\
        \x01\x03Seq\x01\x06\x00\x00\x00\x0f\xff\x80\x01\x0aJujuc.Main\x00\
        \x5c\xff\x81\x03\x01\x01\x07Request\x01\xff\x82\x00\x01\x06\x01\x09ContextId\x01\x0c\x00\
        \x01\x03Dir\x01\x0c\x00\x01\x0bCommandName\x01\x0c\x00\x01\x04Args\x01\xff\x84\x00\
        \x01\x08StdinSet\x01\x02\x00\x01\x05Stdin\x01\x0a\x00\x00\x00\
        \x16\xff\x83\x02\x01\x01\x08[]string\x01\xff\x84\x00\x01\x0c\x00\x00";
    assert_eq!(request("is-leader", &json, None).encode(0), [types, value].concat());
    let header = b"\x11\xff\x80\x01\x0aJujuc.Main\x01\x02\x00";
    assert_eq!(request("is-leader", &json, None).encode(2), [header, value].concat());

    let with = request("relation-set", &[], Some(b"{}")).encode(3);
    let value: &[u8] =
        b"\x26\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x0crelation-set\x02\x01\x01\x02{}\x00";
    assert_eq!(with, [b"\x11\xff\x80\x01\x0aJujuc.Main\x01\x03\x00", value].concat());
    // Standard input that is empty is another thing than none.
    let empty = request("relation-set", &[], Some(b"")).encode(4);
    let value: &[u8] = b"\x22\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x0crelation-set\x02\x01\x00";
    assert_eq!(empty, [b"\x11\xff\x80\x01\x0aJujuc.Main\x01\x04\x00", value].concat());
}

#[test]
fn replies_are_read_as_go_wrote_them_however_they_arrive() {
    let all = REPLIES.concat();
    for size in 1..=all.len() {
        assert_eq!(read(&all, size), (answers().into(), None), "{size} bytes at a time");
    }
}

#[test]
fn an_error_may_come_first() {
    let bytes = b"\x3a\xff\x85\x03\x01\x01\x08Response\x01\xff\x86\x00\x01\x03\x01\x0dServiceMethod\x01\x0c\x00\
        \x01\x03Seq\x01\x06\x00\x01\x05Error\x01\x0c\x00\x00\x00\
        \x35\xff\x86\x01\x0aJujuc.Main\x02\x24bad request: unknown command: nosuch\x00\
        \x0a\xff\x89\x03\x01\x02\xff\x8a\x00\x00\x00\x03\xff\x8a\x00\
        \x11\xff\x86\x01\x0aJujuc.Main\x01\x01\x00\
        \x39\xff\x87\x03\x01\x01\x0cExecResponse\x01\xff\x88\x00\x01\x03\x01\x04Code\x01\x04\x00\
        \x01\x06Stdout\x01\x0a\x00\x01\x06Stderr\x01\x0a\x00\x00\x00\x0a\xff\x88\x02\x05true\x0a\x00";
    let [yes, no, ..] = answers();
    assert_eq!(read(bytes, bytes.len()), (vec![no, yes], None));
}

#[test]
fn what_juju_did_not_say_so_far_is_odd() {
    let changed = |from: &[u8], to: &[u8]| {
        let first = REPLIES[0];
        let at = first.windows(from.len()).position(|window| window == from).unwrap();
        [&first[..at], to, &first[at + from.len()..]].concat()
    };
    for (bytes, why) in [
        (changed(b"Stdout", b"stdout"), "a type is unknown"),
        (changed(b"Code\x01\x04", b"Code\x01\x06"), "a type is unknown"),
        (changed(b"Jujuc.Main", b"Jujud.Main"), "a header has an unknown field"),
        (changed(b"\xff\x88\x02", b"\xff\x8a\x02"), "a value is of an unknown type"),
        (
            changed(b"\x0a\xff\x88\x02\x05true\x0a", b"\x0a\xff\x88\x04\x05true\x0a"),
            "an answer has an unknown field",
        ),
        (changed(b"\x02\x05true", b"\x02\x04true"), "an answer has an unknown field"),
        (
            changed(b"\x0a\xff\x88\x02\x05true\x0a", b"\x0a\xff\x88\x02\xfftrue\x0a"),
            "a text is cut off",
        ),
        (REPLIES[2].to_vec(), "a value is of an unknown type"),
        ([REPLIES[0], REPLIES[2]].concat(), "the reply is to another request"),
        (b"\xfc\x03\x00\x00\x00".to_vec(), "a message is too large"),
        (b"\xf7".to_vec(), "a number is too large"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(9), "a value is of an unknown type"),
        ([&REPLIES[0][..59]].repeat(9).concat(), "a reply has too many messages"),
    ] {
        let (_, odd) = read(&bytes, bytes.len());
        let odd = odd.map(|odd| odd.0);
        assert!(odd.is_some_and(|odd| odd.contains(why)), "{odd:?} instead of {why}");
    }
}

proptest! {
    #[test]
    fn what_is_cut_off_anywhere_says_nothing_of_what_is_missing(size in 1_usize..600) {
        let all = REPLIES.concat();
        let bytes = &all[..size.min(all.len())];
        let whole = REPLIES.iter().scan(0, |end, reply| { *end += reply.len(); Some(*end) });
        let whole = whole.filter(|end| *end <= bytes.len()).count();
        prop_assert_eq!(read(bytes, 7), (answers().into_iter().take(whole).collect(), None));
    }

    #[test]
    fn any_bytes_are_replies_or_odd(bytes: Vec<u8>, size in 1_usize..9) {
        read(&bytes, size);
    }

    #[test]
    fn a_reply_with_any_changes_is_a_reply_or_odd(
        changes in prop::collection::vec((0_usize..400, any::<u8>()), 1..6),
        size in 1_usize..400,
    ) {
        let mut bytes = REPLIES.concat();
        for (at, byte) in changes {
            if let Some(changed) = bytes.get_mut(at) {
                *changed = byte;
            }
        }
        let (replies, _) = read(&bytes, size);
        prop_assert!(replies.len() <= REPLIES.len());
    }

    #[test]
    fn no_more_is_kept_than_one_message_and_what_came_with_it(
        length in 0_u64..u64::MAX,
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let mut claim = Vec::new();
        gob::put_uint(&mut claim, length);
        claim.extend(bytes);
        let mut incoming = Incoming { bytes: claim.clone(), ..Incoming::default() };
        let _ = incoming.reply(0);
        prop_assert!(incoming.bytes.capacity() <= claim.capacity());
    }
}
