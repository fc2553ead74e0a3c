/** The style of all pages: light and dark, readable on a phone, without a script. */
export const style = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--dim:#5d6877;--line:#dfe3e8;--link:#1f56c4;--accent:#2f62d0;--bad:#b3261e;--warn:#9a5b00;--ok:#1a7446;--bad-bg:#fdecea;--warn-bg:#fdf3e1;--ok-bg:#e6f4ec;--info-bg:#e9effb}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e6eaf0;--dim:#9ba6b5;--line:#2e3744;--link:#8db4ff;--accent:#7da7ff;--bad:#ff9389;--warn:#f1b860;--ok:#6fd3a0;--bad-bg:#3a1d1b;--warn-bg:#37290f;--ok-bg:#143226;--info-bg:#1c2a44}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
a:focus-visible,summary:focus-visible,input:focus-visible,button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.3rem .8rem;z-index:2}
header.top{background:var(--card);border-bottom:1px solid var(--line)}
header.top>div,main,footer{max-width:75rem;margin:0 auto;padding:0 1.25rem}
header.top>div{display:flex;flex-wrap:wrap;gap:.4rem 1.4rem;align-items:center;min-height:3.4rem}
.brand{font-weight:700;letter-spacing:-.01em;color:var(--ink);text-decoration:none}.brand span{color:var(--dim);font-weight:400}
nav{display:flex;flex-wrap:wrap;gap:.2rem .3rem}nav a{padding:.3rem .7rem;border-radius:.5rem;color:var(--dim);text-decoration:none}nav a:hover{color:var(--ink)}nav a[aria-current]{background:var(--info-bg);color:var(--ink);font-weight:600}
main{padding-top:1.4rem;padding-bottom:3rem}footer{color:var(--dim);font-size:13px;padding-bottom:2rem}
h1{font-size:1.65rem;line-height:1.25;letter-spacing:-.015em;margin:.2rem 0 .3rem}h2{font-size:1.12rem;margin:2.2rem 0 .7rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0}.lead{color:var(--dim);margin-bottom:1.2rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.15rem;margin:.7rem 0}
.card.tight{margin:.35rem 0;padding:.45rem 1rem}
.scroll{overflow-x:auto}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.7rem;margin:1rem 0}
.figure{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.7rem .9rem;color:inherit;text-decoration:none;display:block}.figure b{display:block;font-size:1.55rem;line-height:1.2;font-variant-numeric:tabular-nums}.figure small{color:var(--dim)}a.figure:hover{border-color:var(--accent)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 1.4rem;align-items:start}
table{border-collapse:collapse;width:100%;font-size:14px}caption{text-align:left;color:var(--dim);padding-bottom:.3rem}
th,td{text-align:left;padding:.42rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--dim);font-size:13px;white-space:nowrap}tr:last-child>td{border-bottom:0}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.when{white-space:nowrap;font-variant-numeric:tabular-nums}
.dim{color:var(--dim)}.bad{color:var(--bad)}.warn{color:var(--warn)}.ok{color:var(--ok)}.small{font-size:13px}.nowrap{white-space:nowrap}.break{overflow-wrap:anywhere}
.tag{display:inline-block;padding:.05rem .5rem;border-radius:1rem;font-size:12.5px;font-weight:600;background:var(--info-bg);white-space:nowrap}.tag.bad,.tag.critical,.tag.high,.tag.error{background:var(--bad-bg);color:var(--bad)}.tag.warn,.tag.medium,.tag.warning,.tag.behind{background:var(--warn-bg);color:var(--warn)}.tag.ok,.tag.opportunity,.tag.reached{background:var(--ok-bg);color:var(--ok)}
.sample{background:var(--warn-bg);color:var(--warn);text-align:center;padding:.3rem 1rem;font-size:13.5px}
.notice{border-left:4px solid var(--warn);background:var(--warn-bg);border-radius:.4rem;padding:.6rem .9rem;margin:.7rem 0}.notice.bad{border-color:var(--bad);background:var(--bad-bg);color:inherit}.notice.ok{border-color:var(--ok);background:var(--ok-bg);color:inherit}
.bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.35rem .8rem;align-items:center}.bars .bar{height:.75rem;border-radius:.4rem;background:var(--line);overflow:hidden}.bars .bar i{display:block;height:100%;background:var(--accent);border-radius:.4rem}.bars .bar i.bad{background:var(--bad)}.bars .bar i.warn{background:var(--warn)}.bars .bar i.ok{background:var(--ok)}.bars .why{grid-column:1/-1;margin:-.3rem 0 .35rem;color:var(--dim);font-size:13px}
details.flag{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--warn);border-radius:.6rem;margin:.6rem 0}details.flag.critical,details.flag.high{border-left-color:var(--bad)}details.flag.opportunity{border-left-color:var(--ok)}details.flag.past{border-left-color:var(--line);opacity:.85}
details.flag>summary{padding:.7rem 1rem;cursor:pointer}details.flag>div{padding:0 1rem 1rem}details.flag .line{display:block;margin-top:.15rem}
details>summary{cursor:pointer}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.4rem 0}dl.facts dt{color:var(--dim)}dl.facts dd{margin:0;overflow-wrap:anywhere}
ul.plain{list-style:none;padding:0;margin:.3rem 0}ul.plain>li{padding:.3rem 0;border-bottom:1px solid var(--line)}ul.plain>li:last-child{border:0}
form.filters{display:flex;flex-wrap:wrap;gap:.5rem .8rem;align-items:end;margin:1rem 0}label{display:inline-flex;flex-direction:column;font-size:13px;color:var(--dim);gap:.15rem}label.check{flex-direction:row;align-items:center;gap:.4rem;padding-bottom:.45rem}
input,select,button{font:inherit;padding:.38rem .6rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--ink)}button{background:var(--accent);border-color:var(--accent);color:#fff;font-weight:600;cursor:pointer}@media (prefers-color-scheme:dark){button{color:#10161f}}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em}
pre{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem;overflow-x:auto}
svg.time{display:block;min-width:52rem;width:100%;height:auto;font-family:inherit}svg.time text{fill:var(--ink);font-size:12px}svg.time .axis,svg.time .lane{fill:var(--dim);font-size:11.5px}svg.time .grid{stroke:var(--line);stroke-width:1}svg.time .mid{stroke:var(--line);stroke-dasharray:2 3}
svg.time .in{fill:var(--accent)}svg.time .out{fill:var(--ok)}svg.time .internal,svg.time .none{fill:var(--dim)}svg.time .auto{opacity:.28}svg.time .planned{fill:var(--card);stroke:var(--dim);stroke-width:1}svg.time .bad{fill:var(--bad)}svg.time .good{fill:var(--ok)}svg.time a:hover .mark{stroke:var(--ink);stroke-width:2}
svg.time .stage rect{stroke:var(--card);stroke-width:1.5}svg.time .stage text{font-weight:600;fill:#fff}svg.time .flagbar{fill:var(--warn)}svg.time .flagbar.critical,svg.time .flagbar.high{fill:var(--bad)}svg.time .flagbar.opportunity{fill:var(--ok)}svg.time .gap{fill:var(--warn);opacity:.13}svg.time .now{stroke:var(--ink);stroke-width:1}svg.time .renewal{stroke:var(--bad);stroke-dasharray:5 3}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;color:var(--dim);font-size:13px;margin:.5rem 0 0}.legend i{display:inline-block;width:.7rem;height:.7rem;border-radius:.2rem;margin-right:.35rem;vertical-align:-1px}
.pager{display:flex;gap:1rem;margin:1rem 0}
@media (max-width:40rem){main{padding-top:1rem}dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.35rem}}
`;
