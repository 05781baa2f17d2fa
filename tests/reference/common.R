# What the three scripts share: reading data, JSON with all digits, names of terms.

read <- function(name) {
  read.csv(file.path("tests/data", paste0(name, ".csv")), na.strings = "", check.names = FALSE)
}

# The site of each row under a split; splits.json counts rows from 0.
site <- function(name, split) {
  rows <- jsonlite::read_json("tests/data/splits.json")[[name]][[split]]
  found <- integer(sum(lengths(rows)))
  for (s in seq_along(rows)) found[unlist(rows[[s]]) + 1] <- s
  found
}

# jsonlite stops at 15 digits. Vectors of length 1 are scalars; wrap in I() to keep an array.
json <- function(x, indent = "") {
  inner <- paste0(indent, " ")
  if (is.null(x)) return("null")
  if (is.matrix(x)) x <- unname(lapply(seq_len(nrow(x)), function(i) I(unname(x[i, ]))))
  if (is.list(x)) {
    items <- vapply(x, json, "", indent = inner)
    if (!is.null(names(x))) items <- paste0(quoted(names(x)), ": ", items)
    ends <- if (is.null(names(x))) c("[", "]") else c("{", "}")
    if (length(x) == 0) return(paste0(ends, collapse = ""))
    return(paste0(ends[1], "\n", inner, paste(items, collapse = paste0(",\n", inner)), "\n", indent, ends[2]))
  }
  items <- if (is.character(x)) quoted(x) else if (is.logical(x)) tolower(x) else sprintf("%.17g", x)
  items[is.na(x) | (is.numeric(x) & !is.finite(x))] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) items else paste0("[", paste(items, collapse = ", "), "]")
}

quoted <- function(x) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", x), "\"")

# The R call as text, in one line.
call_text <- function(expression) {
  gsub("\\s+", " ", paste(deparse(expression, width.cutoff = 500), collapse = " "))
}

save <- function(cases, analysis) {
  ids <- vapply(cases, `[[`, "", "id")
  stopifnot(!anyDuplicated(ids))
  packages <- c("survival", "MASS", "sandwich", "jsonlite")
  info <- list(
    R = R.version.string, platform = R.version$platform,
    packages = lapply(setNames(nm = packages), function(name) as.character(packageVersion(name)))
  )
  writeLines(json(list(session_info = info, cases = cases)), file.path("tests/reference", paste0(analysis, ".json")))
  cat(analysis, ":", length(cases), "cases\n")
}

# R's names of coefficients as formulaic writes them: race3black -> race3[T.black].
# `factors`: the variables coded by levels, as written in the R call; `rename`: R text -> our text;
# `full`: factors without a reference level (no intercept).
our_terms <- function(names, factors = character(), rename = character(), full = character()) {
  one <- function(part) {
    if (part == "(Intercept)") return("Intercept")
    for (f in factors) if (startsWith(part, f)) {
      name <- if (f %in% names(rename)) rename[[f]] else f
      return(sprintf(if (f %in% full) "%s[%s]" else "%s[T.%s]", name, substring(part, nchar(f) + 1)))
    }
    for (f in names(rename)) if (startsWith(part, f)) {
      index <- substring(part, nchar(f) + 1)
      return(paste0(rename[[f]], if (index != "") paste0("[", index, "]")))
    }
    gsub("`", "", part)
  }
  vapply(strsplit(names, ":", fixed = TRUE), function(parts) paste(vapply(parts, one, ""), collapse = ":"), "")
}
