/** The style of the pages, one text so that its digest can stand in the content security policy. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b1f24;--soft:#59636e;--line:#d8dee4;--blue:#0969da;
--green:#1a7f37;--red:#cf222e;--amber:#9a6700;--code:#f3f5f7;--mark:#ffe3b3;--marktext:#7a3e00}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--card:#151b23;--text:#e6edf3;--soft:#9198a1;--line:#30363d;--blue:#4493f8;
--green:#3fb950;--red:#f85149;--amber:#d29922;--code:#0d1117;--mark:#5a3a00;--marktext:#ffd9a0}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header{display:flex;align-items:center;justify-content:space-between;gap:1rem;padding:.7rem 1.2rem;background:var(--card);border-bottom:1px solid var(--line)}
.brand{font-weight:700;color:inherit;text-decoration:none;letter-spacing:.02em}.who{display:flex;align-items:center;gap:.8rem}small,.soft{color:var(--soft);font-size:.87em}
main{max-width:56rem;margin:1.6rem auto 4rem;padding:0 1rem}h1{font-size:1.35rem;margin:.2rem 0 .4rem;overflow-wrap:anywhere}h2{font-size:1rem;margin:0 0 .6rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;margin:0 0 1rem}
.head{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.3rem}.chip{border:1px solid currentcolor;border-radius:1rem;padding:0 .65rem;font-size:.82rem;font-weight:600}
.pending,.medium{color:var(--amber)}.approved,.consumed,.low{color:var(--green)}.denied,.high{color:var(--red)}.expired,.cancelled{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}pre{margin:.3rem 0 .8rem;padding:.8rem;background:var(--code);border:1px solid var(--line);border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere;max-height:36rem;overflow:auto}
mark{background:var(--mark);color:var(--marktext);border-radius:.2rem;padding:0 .2rem;font-size:.85em;font-weight:600}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{color:var(--soft);font-weight:500}tr:last-child td{border-bottom:0}
pre+h2,.note+h2{margin-top:1rem}.note+dl{margin-top:.8rem}.note{border-left:4px solid var(--amber);padding:.5rem .8rem;background:var(--code);border-radius:.3rem;margin:.6rem 0 0}.bad{border-color:var(--red)}.good{border-color:var(--green)}
label{display:block;margin:0 0 .3rem;font-weight:500}input[type=password],textarea{width:100%;padding:.55rem .7rem;font:inherit;color:inherit;background:var(--code);border:1px solid var(--line);border-radius:.4rem}
textarea{min-height:4.5rem;resize:vertical}.buttons{display:flex;gap:.7rem;margin-top:.8rem;flex-wrap:wrap}
button{font:inherit;font-weight:600;padding:.5rem 1.3rem;border-radius:.4rem;border:1px solid var(--line);background:var(--card);color:inherit;cursor:pointer}
button:focus-visible,a:focus-visible,input:focus-visible,textarea:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.approve{background:#1a7f37;border-color:#1a7f37;color:#fff}.deny{color:var(--red);border-color:currentcolor}.quiet{font-weight:400;padding:.25rem .7rem}a{color:var(--blue)}
.list a{font-weight:600}.list td:nth-child(n+3),.list th{white-space:nowrap}.list code{overflow-wrap:anywhere}.sign-in{max-width:26rem;margin:3rem auto}@media(max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}`;
