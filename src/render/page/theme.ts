/** The colours, by daylight and at night. Each text colour reaches 4.5:1 on each ground that it stands on, each mark of a chart 3:1. */
export const THEME = `:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --line: #e1e5ea; --text: #1b2430; --soft: #586374;
  --good: #12703f; --good-ground: #e6f4ec; --bad: #b3261e; --bad-ground: #fdecea; --warn: #7a5200; --warn-ground: #fdf2da;
  --found: #6f8bb3; --band: #eef0f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151b; --card: #191f27; --line: #2b333f; --text: #e6eaf0; --soft: #9aa6b5;
    --good: #6fd79c; --good-ground: #15301f; --bad: #ff9d94; --bad-ground: #401d1a; --warn: #f3c969; --warn-ground: #372c12;
    --found: #6d8fc4; --band: #222a35;
  }
}
`;
