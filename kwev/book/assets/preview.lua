-- The preview's pandoc filter: numbers, cross-references, floats, callouts and citations.
--
-- The chapters are read with --file-scope, each inside one div, so a document has a block a page and
-- an id tells its page: chapters__01-scope.qmd__sec-scope. book.json holds what _quarto.yml says.
-- The numbers are Quarto's: chapters count from 1 and appendices from A, in the order of the book;
-- figures, tables and equations count within their chapter. For HTML the result is a JSON object of
-- whole pages by path, for Typst the body of the PDF.

local WORDS = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
local NBSP = "\u{a0}"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local book = pandoc.json.decode(read("book.json"), false)
local html = not FORMAT:match("^typst")
local pages, targets = {}, {}

local function fault(page, what)
  io.stderr:write(page.source .. ": " .. what .. "\n")
end

local function raw(text)
  return pandoc.RawBlock(html and "html" or "typst", text)
end

local function escaped(text)
  if html then
    return (text:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
  end
  return (text:gsub('[\\"]', "\\%0"))
end

local function kind_of(id)
  local kind = id:match("^(%a+)%-")
  return kind and WORDS[kind:lower()] and kind:lower() or nil
end

-- The page of an id and the id on it.
local function split(id)
  local prefix, rest = id:match("^(.-%.qmd)__(.*)$")
  return pages[prefix and prefix:gsub("__", "/") or ""], rest or id
end

-- An id as it stands in the result: on paper all but labels keep their page.
local function anchor(id)
  local _, rest = split(id)
  return (html or kind_of(rest)) and rest or id
end

-- What leads from a page to an id on another, or to the whole page.
local function href(from, page, id)
  if not html then return "#" .. (id or page.anchor) end
  if page == from and id then return "#" .. id end
  return from.up .. page.output .. (id and "#" .. id or "")
end

local function numbered(page, count)
  return page.number ~= "" and page.number .. "." .. count or tostring(count)
end

local function register(page, id, word, number, title)
  if targets[id] then fault(page, "label " .. id .. " is used twice") end
  targets[id] = { page = page, number = number, word = word, id = id,
                  text = number ~= "" and word .. NBSP .. number or title }
end

local function count(page, id)
  local kind = kind_of(id)
  page.counts[kind] = (page.counts[kind] or 0) + 1
  register(page, id, WORDS[kind], numbered(page, page.counts[kind]))
  return targets[id]
end

-- A figure or table with its number before its caption.
local function float(page, id, caption, content)
  local label = pandoc.Str(count(page, id).text .. (#caption > 0 and ":" or ""))
  local first = pandoc.Inlines({ label })
  if #caption > 0 then first:extend({ pandoc.Space(), table.unpack(caption[1].content) }) end
  local text = pandoc.Blocks({ pandoc.Plain(first), table.unpack(caption, 2) })
  local is_table = kind_of(id) == "tbl"
  local blocks = pandoc.Blocks({})
  local function add(opening, inner, closing)
    blocks:insert(raw(opening))
    blocks:extend(inner)
    blocks:insert(raw(closing))
  end
  if html then
    blocks:insert(raw(('<figure id="%s" class="float-%s">'):format(id, kind_of(id))))
    if not is_table then blocks:extend(content) end
    add("<figcaption>", text, "</figcaption>")
    if is_table then blocks:extend(content) end
    blocks:insert(raw("</figure>"))
  elseif is_table then
    -- not a figure: a table may run over several pages, under a caption that stays with it
    add("#kwev-table[#kwev-table-caption[", text, "] <" .. id .. ">")
    blocks:extend(content)
    blocks:insert(raw("]"))
  else
    add('#figure(kind: "kwev-fig", supplement: none, numbering: none, caption: [', text, "])[")
    blocks:extend(content)
    blocks:insert(raw("] <" .. id .. ">"))
  end
  return blocks
end

-- A callout; what stands in it is walked, its title is not: that one has no number.
local function callout(kind, div, filter)
  local title = pandoc.Inlines(div.attributes.title or (kind:sub(1, 1):upper() .. kind:sub(2)))
  local blocks = div.content
  if not div.attributes.title and blocks[1] and blocks[1].t == "Header" then
    title = blocks[1].content
    blocks:remove(1)
  end
  blocks = blocks:walk(filter)
  if not html then
    local words = escaped(pandoc.utils.stringify(title))
    blocks:insert(1, raw(('#kwev-callout(callout-colours.%s, "%s")['):format(kind, words)))
    blocks:insert(raw("]"))
    return blocks
  end
  local class = "callout callout-" .. kind
  if div.attributes.collapse then
    local open = div.attributes.collapse == "false" and " open" or ""
    blocks:insert(1, raw(('<details class="%s"%s><summary class="callout-title">'):format(class, open)))
    blocks:insert(2, pandoc.Plain(title))
    blocks:insert(3, raw("</summary>"))
    blocks:insert(raw("</details>"))
    return blocks
  end
  blocks:insert(1, pandoc.Div({ pandoc.Para(title) }, { class = "callout-title" }))
  return pandoc.Blocks({ pandoc.Div(blocks, { id = div.identifier, class = class, role = "note" }) })
end

-- Display mathematics followed by {#eq-x}, with a full stop or the like after it.
local function equations(page, block)
  local result = pandoc.Inlines({})
  for _, inline in ipairs(block.content) do
    local id, rest = (inline.t == "Str" and inline.text or ""):match("^{#(eq%-[%w-]+)}([.,;:]?)$")
    local position = #result
    while id and position > 0 and (result[position].t == "Space" or result[position].t == "SoftBreak") do
      position = position - 1
    end
    local math = id and result[position]
    if math and math.t == "Math" and math.mathtype == "DisplayMath" then
      while #result >= position do result:remove() end
      local mark = "(" .. count(page, id).number .. ")"
      if html then
        local number = pandoc.Span({ pandoc.Str(mark) }, { class = "equation-number" })
        result:insert(pandoc.Span({ math, number }, { id = id, class = "equation" }))
      else
        result:insert(pandoc.RawInline("typst", "#kwev-equation["))
        result:insert(math)
        result:insert(pandoc.RawInline("typst", "][" .. mark .. "] <" .. id .. ">"))
      end
      if rest ~= "" then result:insert(pandoc.Str(rest)) end
    else
      result:insert(inline)
    end
  end
  block.content = result
  return block
end

-- The number of a heading, empty for one that has none.
local function heading_number(page, header)
  if header.classes:includes("unnumbered") then return "" end
  if header.level == 1 then
    local counts = page.appendix and pages.appendices or pages.chapters
    counts.n = counts.n + 1
    page.number = page.appendix and string.char(64 + counts.n) or tostring(counts.n)
    return page.number
  end
  if page.number == "" then return "" end
  local sections = page.sections
  sections[header.level - 1] = (sections[header.level - 1] or 0) + 1
  for level = header.level, #sections do sections[level] = nil end
  for level = 1, header.level - 1 do sections[level] = sections[level] or 0 end
  return page.number .. "." .. table.concat(sections, ".")
end

-- First walk: everything gets its number and its form; references wait until all are numbered.
local function structure(page)
  local filter = { traverse = "topdown" }

  function filter.Header(header)
    local number, title = heading_number(page, header), pandoc.utils.stringify(header.content)
    header.identifier = anchor(header.identifier)
    if header.level == 1 then page.title, page.anchor = title, header.identifier end
    if kind_of(header.identifier) == "sec" then
      local chapter = page.appendix and "Appendix" or "Chapter"
      register(page, header.identifier, header.level == 1 and chapter or "Section", number, title)
    end
    if number ~= "" then
      local mark = pandoc.Str(number)
      if html then mark = pandoc.Span({ mark }, { class = "header-section-number" }) end
      header.content:insert(1, pandoc.Space())
      header.content:insert(1, mark)
    end
    return header
  end

  function filter.Table(tbl)
    local id, caption = anchor(tbl.identifier), tbl.caption.long
    local name = pandoc.utils.stringify(caption)
    tbl.attr, tbl.caption = pandoc.Attr(), { long = {} }
    local region = { { "role", "group" }, { "tabindex", "0" }, { "aria-label", name ~= "" and name or "Table" } }
    local block = html and pandoc.Div({ tbl }, pandoc.Attr("", { "table-scroll" }, region)) or tbl
    if kind_of(id) == "tbl" then return float(page, id, caption, { block }), false end
    return block, false
  end

  function filter.Div(div)
    if div.classes:includes("content-visible") then
      local here = (div.attributes["when-format"] == "html") == html
      return here and div.content:walk(filter) or {}, false
    end
    if div.classes:includes("landscape") and not html then
      local turned = div.content:walk(filter)
      turned:insert(1, raw("#kwev-wide["))
      turned:insert(raw("]"))
      return turned, false
    end
    local kind = div.classes:find_if(function(class) return class:match("^callout%-") end)
    if kind then return callout(kind:sub(9), div, filter), false end
    if div.classes:includes("float") then
      local caption = div.content:remove(1).content
      return float(page, anchor(div.identifier), caption, div.content:walk(filter)), false
    end
  end

  function filter.RawBlock(block)
    -- on paper a table that has only an HTML form becomes a real one
    if not html and block.format == "html" and block.text:lower():find("<table") then
      return pandoc.read(block.text, "html").blocks, false
    end
  end

  function filter.Para(para) return equations(page, para) end
  filter.Plain = filter.Para
  return filter
end

local function reference(page, citation)
  local target = targets[citation.id] or targets[citation.id:sub(1, 1):lower() .. citation.id:sub(2)]
  if not target then
    fault(page, "cross-reference @" .. citation.id .. " leads nowhere")
    return {}
  end
  local text = target.text
  if target.number ~= "" and citation.mode == "SuppressAuthor" then
    text = target.number
  elseif target.number ~= "" and #citation.prefix > 0 then
    text = pandoc.utils.stringify(citation.prefix) .. NBSP .. target.number
  end
  local words = target.number ~= "" and pandoc.Inlines({ pandoc.Str(text) }) or pandoc.Inlines(text)
  local link = pandoc.Link(words, href(page, target.page, target.id), "", { class = "quarto-xref" })
  return { link, table.unpack(citation.suffix) }
end

-- A formula on paper with its source as the alternative that PDF/UA asks for.
local function spoken(math)
  if html then return nil end
  local set = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst")
  local words = escaped((math.text:gsub("%s+", " ")))
  return pandoc.RawInline("typst", ('#[#set math.equation(alt: "%s"); %s]'):format(words, set))
end

-- Second walk: cross-references, links between chapters, and formulas.
local function links(page)
  return {
    Math = spoken,
    Cite = function(cite)
      if not cite.citations:find_if(function(c) return kind_of(c.id) ~= nil end) then return nil end
      local inlines = pandoc.Inlines({})
      for position, citation in ipairs(cite.citations) do
        if position > 1 then inlines:extend({ pandoc.Str(","), pandoc.Space() }) end
        inlines:extend(reference(page, citation))
      end
      return inlines
    end,
    Link = function(link)
      local path, id = link.target:match("^([^#]*)#?(.*)$")
      if link.target:match("^%a+:") then return nil end
      if path == "" then
        local other, rest = split(id)
        link.target = href(page, other or page, anchor(id) or rest)
      elseif path:match("%.qmd$") then
        local folder = pandoc.path.directory(page.source)
        local source = pandoc.path.normalize(pandoc.path.join({ folder, path })):gsub("[^/]+/%.%./", "")
        local other = pages[source]
        if not other then
          fault(page, "link " .. link.target .. " leads nowhere")
          return nil
        end
        if id ~= "" and not html and not kind_of(id) then id = source:gsub("/", "__") .. "__" .. id end
        link.target = href(page, other, id ~= "" and id or nil)
      end
      return link
    end,
  }
end

local function cites(blocks)
  local found = false
  blocks:walk({ Cite = function() found = true end })
  return found
end

-- Blocks with citations resolved and the list of what they cite at their end.
local function cited(blocks, level)
  if not book.bibliography or not cites(blocks) then return blocks end
  blocks:insert(pandoc.Header(level, "References", { id = "references", class = "unnumbered" }))
  blocks:insert(pandoc.Div({}, { id = "refs" }))
  local meta = { bibliography = book.bibliography, ["link-citations"] = true }
  return pandoc.utils.citeproc(pandoc.Pandoc(blocks, meta)).blocks
end

local function entry(page, other)
  return other and { url = page.up .. other.output, number = other.number, title = other.title,
                     current = page == other or nil }
end

local function whole_page(page, position)
  local meta = {
    lang = book.language, booktitle = book.title, subtitle = book.subtitle or "", author = book.authors,
    banner = book.banner, up = page.up, home = position == 1 or nil, title = page.title,
    pdf = book.pdf and page.up .. book.pdf or nil, chapters = {}, appendices = {},
    provenance = pandoc.MetaBlocks({ raw(book.provenance or "") }),
    previous = entry(page, pages[position - 1]), following = entry(page, pages[position + 1]),
  }
  for _, other in ipairs(pages) do
    table.insert(other.appendix and meta.appendices or meta.chapters, entry(page, other))
  end
  if #meta.appendices == 0 then meta.appendices = nil end  -- an empty list counts as one
  local options = pandoc.WriterOptions(PANDOC_WRITER_OPTIONS)
  options.template = pandoc.template.compile(book.template)
  options.table_of_contents, options.toc_depth = true, 3
  return pandoc.write(pandoc.Pandoc(cited(page.blocks, 2), meta), "html5", options)
end

function Pandoc(doc)
  pages.chapters, pages.appendices = { n = 0 }, { n = 0 }
  for position, page in ipairs(book.pages) do
    pages[position], pages[page.source] = page, page
    page.up = ("../"):rep(select(2, page.output:gsub("/", "")))
    page.number, page.counts, page.sections = "", {}, {}
    local div = doc.blocks[position]
    if #doc.blocks ~= #book.pages or div.content[1].t ~= "Header" or div.content[1].level ~= 1 then
      fault(page, "the chapter has no title; begin it with # Title {#sec-name}")
      return nil
    end
    page.blocks = div.content
  end
  for _, page in ipairs(pages) do page.blocks = page.blocks:walk(structure(page)) end
  for _, page in ipairs(pages) do page.blocks = page.blocks:walk(links(page)) end
  if html then
    local written = {}
    for position, page in ipairs(pages) do written[page.output] = whole_page(page, position) end
    return pandoc.Pandoc({ raw(pandoc.json.encode(written)) })
  end
  local all = pandoc.Blocks({})
  for _, page in ipairs(pages) do all:extend(page.blocks) end
  return pandoc.Pandoc(cited(all, 1))
end
