//! The guard's table, by example and at the edges of each range.

use std::net::IpAddr;

use egress::refusal;

#[test]
fn every_special_range_is_refused() {
    let refused = "
        0.0.0.0 0.0.0.1 0.255.255.255
        10.0.0.0 10.255.255.255
        100.64.0.0 100.100.100.200 100.127.255.255
        127.0.0.0 127.0.0.1 127.255.255.255
        168.63.129.16
        169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
        172.16.0.0 172.31.255.255
        192.0.0.0 192.0.0.170 192.0.0.192 192.0.0.255
        192.0.2.0 192.0.2.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255
        192.88.99.0 192.88.99.255
        192.168.0.0 192.168.255.255
        198.18.0.0 198.19.255.255
        224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
        :: ::1 ::2 ::7f00:1 ::8.8.8.8
        ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254
        ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
        64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 64:ff9b:2::1
        100::1 100:0:0:1::1
        2001::1 2001:0:ffff:ffff:ffff:ffff:ffff:ffff 2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::1
        2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 3fff::1 3fff:fff:ffff::1
        2002:7f00:1:: 2002:808:808::1 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
        2a00:1450:4001:81b:0:5efe:7f00:1 2a00:1450:4001:81b:200:5efe:a00:1
        4000::1 5f00::1 8000::1 c000::1 e000::1 1000::1 200::1
        fc00::1 fd00::1 fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
        fe00::1 fe80::1 febf::1 fec0::1 feff::1
        ff00::1 ff02::1 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    ";
    for text in refused.split_whitespace() {
        let address: IpAddr = text.parse().unwrap();
        assert!(refusal(address).is_some(), "{text} passed");
    }
}

#[test]
fn public_addresses_pass_up_to_the_edge_of_a_range() {
    let public = "
        1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34
        100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
        168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
        191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
        198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
        2000::1 2001:200::1 2001:db7:ffff::1 2001:db9::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111
        2a00:1450:4001:81b::200e 2a00:1450:4001:81b:0:5eff:7f00:1 3ffe::1 3fff:1000::1
    ";
    for text in public.split_whitespace() {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(refusal(address), None, "{text} was refused");
    }
}
