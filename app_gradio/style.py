"""How the page looks: colours that hold in light and dark, and what stands where on wide and narrow screens."""

STYLE = """
:root { --sure: #14713a; --unsure: #a83a0a; --sure-back: #e6f4ea; --unsure-back: #fdeee6 }
.dark { --sure: #8bd9a5; --unsure: #ffb08a; --sure-back: #17301f; --unsure-back: #3d2215 }
.gradio-container { max-width: 1320px !important; margin: 0 auto !important }
#picture img::before { content: "no picture to show"; position: absolute; inset: 0; display: grid;
  place-content: center; background: var(--background-fill-primary); color: var(--body-text-color-subdued) }
#say { align-items: end } #note { min-height: 0 }
#picture { border: 1px solid var(--border-color-primary); border-radius: 10px }
input[type=checkbox] { border-color: #6f7b8c !important }
.dark .gradio-container, .gradio-container { --body-text-color-subdued: #566072 }
.dark .gradio-container { --body-text-color-subdued: #a9b4c4 }
.top h1 { font-size: 1.55rem; line-height: 1.25; margin: .4rem 0 .15rem; color: var(--body-text-color) }
.top p { margin: 0; color: var(--body-text-color-subdued) }
.panel { border: 1px solid var(--border-color-primary); border-radius: 10px; padding: 1.1rem 1.25rem;
  background: var(--background-fill-primary); color: var(--body-text-color) }
.panel.empty { border-style: dashed; min-height: 12rem; display: grid; place-content: center; text-align: center;
  color: var(--body-text-color-subdued) }
.panel.empty strong { color: var(--body-text-color); display: block; margin-bottom: .3rem; font-size: 1.05rem }
.panel.error { border-left: 6px solid var(--unsure); background: var(--unsure-back) }
.panel.error strong { color: var(--unsure); display: block; margin-bottom: .2rem }
.panel.error p, .panel.error { overflow-wrap: anywhere; margin: 0 }
.told { margin: 0 0 .7rem; color: var(--body-text-color-subdued) } .told b { color: var(--body-text-color) }
.reading { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
.reading figure { margin: 0 } .reading svg { width: 100%; height: auto; display: block; max-height: 80vh;
  border: 1px solid var(--border-color-primary); border-radius: 8px; background: #fff }
.frame { fill: none; stroke-width: 2.2; vector-effect: non-scaling-stroke }
.frame.sure { stroke: #14713a } .frame.unsure { stroke: #b8430f; stroke-dasharray: 7 4 }
.tag { fill: #14713a } .tag.unsure { fill: #a83a0a } .number { fill: #fff; font-weight: 700; font-family: sans-serif }
.lines { list-style: none; margin: 0; padding: 0 }
.lines li { display: grid; grid-template-columns: 1.9rem minmax(0, 1fr) auto; gap: .7rem; align-items: baseline;
  padding: .42rem .15rem; border-bottom: 1px solid var(--border-color-primary); color: var(--body-text-color) }
.lines li:last-child { border-bottom: 0 } .lines .at { color: var(--body-text-color-subdued); text-align: right;
  font-variant-numeric: tabular-nums } .lines .said { overflow-wrap: anywhere; white-space: pre-wrap }
.share { border-radius: 99px; padding: .05rem .6rem; font-size: .86rem; white-space: nowrap;
  font-variant-numeric: tabular-nums; color: var(--sure); background: var(--sure-back) }
.share.unsure { color: var(--unsure); background: var(--unsure-back); font-weight: 600 }
.note { color: var(--body-text-color) } .note .good { color: var(--sure) }
.note .bad { color: var(--unsure) } .small { font-size: .9rem; color: var(--body-text-color-subdued) }
@media (min-width: 1000px) { .reading { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) } }
button:focus-visible, a:focus-visible, textarea:focus-visible, input:focus-visible, [tabindex]:focus-visible,
label:focus-within:has(input:focus-visible) { outline: 3px solid #2f7fb8 !important; outline-offset: 2px !important }
footer { display: none !important }
"""
