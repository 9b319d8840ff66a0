-- A landscape div on paper: its table goes to a page across at the end of the book (kwev-wide in
-- kwev/book/assets/look.typ), and the text runs on. Quarto's own would break the page before and after.
function Div(div)
  if FORMAT:match("^typst") and div.classes:includes("landscape") then
    div.content:insert(1, pandoc.RawBlock("typst", "#kwev-wide["))
    div.content:insert(pandoc.RawBlock("typst", "]"))
    return div.content
  end
end
