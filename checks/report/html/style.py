"""The style sheet of the page. Letters and words carry severity and verdict, colour only repeats them."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d1d9e0;--soft:#f6f8fa;--link:#0550ae;
--critical:#a40e26;--high:#bc4c00;--medium:#7d5700;--low:#0a5fb4;--info:#59636e;
--pass:#1a6b34;--unknown:#6b3fa0;--manual:#0b6472;--waived:#59636e;--on:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9aa4af;--line:#30363d;--soft:#161b22;
--link:#79b8ff;--critical:#ff8f9a;--high:#ffa657;--medium:#e3c04d;--low:#79b8ff;--info:#9aa4af;
--pass:#6fdd8b;--unknown:#d2a8ff;--manual:#76dbe6;--waived:#9aa4af;--on:#0d1117}}
*{box-sizing:border-box}
html{scroll-padding-top:6.5rem}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.6rem;line-height:1.25}
h2{margin:2.2rem 0 .6rem;padding-bottom:.2rem;border-bottom:1px solid var(--line);font-size:1.25rem}
h3{margin:1.3rem 0 .5rem;font-size:1rem}
h4{margin:.7rem 0 .1rem;font-size:.8rem;color:var(--dim);font-weight:600}
p{margin:.2rem 0 .6rem}
a{color:var(--link)}
code{font:13px/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.dim{color:var(--dim)}
.lead{font-size:1.05rem;margin:.6rem 0 0}
nav{margin:.8rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
table{border-collapse:collapse;width:100%}
th{text-align:left;font-size:.8rem;color:var(--dim);font-weight:600}
th,td{padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.id{white-space:nowrap}
ul{margin:0;padding-left:1.1rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.2rem,1fr));gap:.6rem;margin:1.2rem 0;padding:0}
.tiles li{list-style:none;padding:.5rem .7rem;border:1px solid var(--line);border-left:5px solid var(--c);
border-radius:4px}
.tiles b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles span{font-size:.85rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1.5rem}
figure{margin:0;max-width:30rem}
figcaption{font-weight:600;font-size:.9rem;margin-bottom:.3rem}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--fg)}
svg text.s{fill:var(--dim);font-size:10.5px}
svg text.r{text-anchor:end}
svg .track{fill:var(--soft)}
.critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--low)}
.info{--c:var(--info)}.pass{--c:var(--pass)}.unknown{--c:var(--unknown)}.manual{--c:var(--manual)}
.waived,.not_applicable{--c:var(--waived)}.fail{--c:var(--high)}
rect.critical,rect.high,rect.medium,rect.low,rect.info,rect.pass,rect.unknown,rect.manual,rect.waived,
rect.not_applicable,rect.fail{fill:var(--c);stroke:var(--bg);stroke-width:1}
.tag{display:inline-block;min-width:5.4rem;padding:0 .45rem;border:1px solid var(--c);border-radius:3px;
color:var(--c);font-size:.8rem;font-weight:600;text-align:center;white-space:nowrap}
.tag.critical,.tag.high{background:var(--c);color:var(--on)}
form{display:none;position:sticky;top:0;z-index:1;margin:0 -.5rem 1rem;padding:.5rem;background:var(--bg);
border-bottom:1px solid var(--line);flex-wrap:wrap;gap:.35rem .9rem;align-items:center}
.js form{display:flex}
form fieldset{margin:0;padding:0;border:0;display:flex;flex-wrap:wrap;gap:.1rem .7rem}
form label{white-space:nowrap}
input[type=search],select,button{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--line);
border-radius:4px;padding:.2rem .5rem}
input[type=search]{flex:1 1 13rem;min-width:9rem}
output{font-variant-numeric:tabular-nums}
:focus-visible{outline:3px solid var(--link);outline-offset:1px}
details{border:1px solid var(--line);border-radius:4px;margin:0 0 .4rem}
summary{padding:.4rem .7rem;cursor:pointer;list-style-position:inside}
summary .tag{margin-right:.4rem}
summary b{font-weight:600}
details>div{padding:0 .9rem .7rem}
details[open]>summary{background:var(--soft);border-bottom:1px solid var(--line)}
.meta{display:grid;grid-template-columns:3fr 2fr;gap:0 2rem}
.ev{margin:0;padding:0;list-style:none}
.ev code{color:var(--dim)}
.b{table-layout:fixed}.b td:nth-child(1){width:4.5rem}.b td:nth-child(3){width:15rem}.b td:nth-child(4){width:11rem}
td.o{width:24%}td.m{width:28%}
.scroll{overflow-x:auto}.scroll table{min-width:38rem}
footer{margin:3rem 0 1rem;padding-top:.6rem;border-top:1px solid var(--line);color:var(--dim);font-size:.9rem}
[hidden]{display:none!important}
@media(max-width:640px){
body{padding:1rem .8rem}h1{font-size:1.35rem}.meta{display:block}form{position:static}
summary .tag{min-width:0}
.f thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
.f tr,.f td{display:block;width:auto;border:0;padding:.1rem 0}
.f tr{border-bottom:1px solid var(--line);padding:.4rem 0}
.f td.o{font-weight:600}
.b td.c{display:none}.b td:nth-child(1){width:3.6rem}.b td:nth-child(4){width:8.5rem;white-space:normal}}
@media print{
:root{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--soft:#f4f4f4;--critical:#a40e26;--high:#bc4c00;--medium:#7d5700;
--low:#0a5fb4;--info:#59636e;--pass:#1a6b34;--unknown:#6b3fa0;--manual:#0b6472;--waived:#59636e;--on:#fff;--link:#000}
body{max-width:none;padding:0;font-size:11px}form,nav,.js form{display:none}
details{border:0;border-top:1px solid var(--line)}summary{list-style:none}
details::details-content{content-visibility:visible;display:block}
tr,figure,.tiles li{break-inside:avoid}h2,h3,summary{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
