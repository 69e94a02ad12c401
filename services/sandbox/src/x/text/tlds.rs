//! Top-level domains: every country's, and the generic ones in use. A rare one that is missing here counts as plain text.

/// Whether a label is a top-level domain.
pub(super) fn is_tld(label: &str) -> bool {
    let label = label.to_lowercase();
    let listed = |list: &str| list.split_ascii_whitespace().any(|each| each == label);
    label.starts_with("xn--") || listed(COUNTRIES) || listed(GENERIC) || listed(INTERNATIONAL)
}

const COUNTRIES: &str = "
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz
ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr
ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it
je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly
ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om
pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz
tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
";

const GENERIC: &str = "
com org net edu gov int mil arpa aero asia biz cat coop info jobs mobi museum name post pro tel travel xxx
academy accountant accountants actor adult agency airforce apartments app archi army art associates attorney auction
audio auto autos baby band bank bar bargains baseball basketball beauty beer best bet bible bid bike bingo bio black
blackfriday blog blue boats bond boo book boston bot boutique box broadway broker build builders business buzz cab cafe
cam camera camp capital car cards care career careers cars casa case cash casino catering catholic center ceo cfd
channel charity chat cheap christmas church city claims cleaning click clinic clothing cloud club coach codes coffee
college cologne community company compare computer condos construction consulting contact contractors cooking cool
corsica country coupon coupons courses credit creditcard cricket cruises cyou dad dance data date dating day deal
dealer deals degree delivery democrat dental dentist desi design dev diamonds diet digital direct directory discount
diy docs doctor dog domains download dubai earth eat eco education email energy engineer engineering enterprises
equipment esq estate eus events exchange expert exposed express fail faith family fan fans farm fashion feedback film
finance financial fish fishing fit fitness flights florist flowers fly foo food football forex forsale forum foundation
free frl fun fund furniture futbol fyi gallery game games garden gay gifts gift gives giving glass global gold golf
goog google gop graphics gratis green gripe grocery group guide guitars guru hair hamburg haus health healthcare help
here hiphop hiv hockey holdings holiday homes horse hospital host hosting hot house how icu immo immobilien inc
industries ing ink institute insurance insure international investments irish ist istanbul jetzt jewelry juegos kaufen
kids kim kitchen kiwi koeln krd kred land lat latino law lawyer lease legal lgbt life lifestyle lighting like limited
limo link live living llc loan loans locker lol london lotto love ltd ltda luxe luxury madrid maison makeup management
map market marketing markets mba med media meet melbourne meme memorial men menu miami mobile moda moe mom money
monster mortgage moscow motorcycles mov movie music nagoya navy network new news nexus ngo ninja now nrw nyc observer
office okinawa one ong onl online ooo organic osaka page paris parts partners party pay pet pharmacy phd phone photo
photography photos physio pics pictures pid pink pizza place play plumbing plus poker porn press prime prod
productions prof promo properties property protection pub qpon quebec racing radio read realestate realtor realty
recipes red rehab reise reisen rent rentals repair report republican rest restaurant review reviews rich rip rocks
rodeo room rsvp rugby ruhr run saarland sale salon sarl save school schule science search secure security services sex
sexy shiksha shoes shop shopping show singles site ski skin soccer social software solar solutions song space spa spot
srl store stream studio study style sucks supplies supply support surf surgery swiss sydney systems taipei talk tattoo
tax taxi team tech technology tennis theater theatre tickets tienda tips tires tirol today tokyo tools top tours town
toys trade trading training translations tube uno university vacations vegas ventures versicherung vet viajes video
villas vin vip vision vodka vote voting voto voyage wales wang watch watches weather webcam website wed wedding whoswho
wien wiki win wine winners work works world wow wtf yachts yoga yokohama you yun zero zip zone zuerich
";

const INTERNATIONAL: &str = "
рф срб укр бел мкд мон қаз онлайн сайт орг ком дети москва рус 中国 中國 香港 台灣 台湾 新加坡 公司 网络 网址 在线 中文网
商店 商城 我爱你 移动 みんな コム 한국 닷컴 닷넷 삼성 भारत भारतम् संगठन ไทย გე հայ ευ ελ קום ישראל
مصر قطر عرب شبكة موقع السعودية الاردن المغرب امارات ایران تونس سورية عراق عمان فلسطين مليسيا پاکستان بھارت
";

#[cfg(test)]
mod tests {
    use super::is_tld;

    #[test]
    fn knows_the_usual_ones() {
        for known in ["com", "COM", "de", "uk", "dev", "social", "рф", "xn--p1ai"] {
            assert!(is_tld(known), "{known}");
        }
        for unknown in ["localhost", "test", "example", "x", "", "html", "txt"] {
            assert!(!is_tld(unknown), "{unknown}");
        }
    }
}
