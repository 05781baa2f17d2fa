# Reference values for the summary analysis, from R's own functions.
# From the repository root: Rscript tests/reference/summary.R

library(jsonlite)

studies <- list(
  lung = list(
    group_by = "sex",
    numeric = c("time", "age", "ph.karno", "pat.karno", "meal.cal", "wt.loss"),
    categorical = "ph.ecog"
  ),
  gbsg2 = list(
    group_by = "horTh",
    numeric = c("age", "tsize", "pnodes", "progrec", "estrec", "time"),
    categorical = c("menostat", "tgrade")
  ),
  birthwt = list(
    group_by = "race",
    numeric = c("age", "lwt", "bwt"),
    categorical = c("smoke", "ht", "low")
  )
)

r_calls <- list(
  mean = "mean(x)",
  sd = "sd(x)",
  skewness = "m3 / m2^1.5, where mk = mean((x - mean(x))^k)",
  kurtosis = "m4 / m2^2 - 3",
  quantiles = "quantile(x, c(0.05, 0.25, 0.5, 0.75, 0.95), type = 7)",
  count = "table(x, group)",
  welch_t = "t.test(x ~ group)",
  welch_anova = "oneway.test(x ~ group, var.equal = FALSE)",
  wilcoxon = "wilcox.test(x ~ group, exact = FALSE, correct = FALSE)",
  kruskal = "kruskal.test(x ~ group)",
  fisher = "fisher.test(table(x, group))",
  chi_square = "chisq.test(table(x, group), correct = FALSE)",
  correlation = "cor.test(x, y, method = \"pearson\")"
)

# A factor of text levels in alphabetical order, whatever the locale.
as_levels <- function(x) {
  x <- as.character(x)
  factor(x, levels = sort(unique(x), method = "radix"))
}

# All rows, then each group's: a named list of row numbers.
rows_by_group <- function(group) c(list(all = seq_along(group)), split(seq_along(group), group))

numeric_summary <- function(values, variable, group) {
  x <- values[!is.na(values)]
  m <- sapply(1:4, function(k) mean((x - mean(x))^k))
  q <- unname(quantile(x, c(0.05, 0.25, 0.5, 0.75, 0.95), type = 7))
  list(
    variable = variable, group = group, n = length(x), missing = sum(is.na(values)),
    mean = mean(x), sd = sd(x), skewness = m[3] / m[2]^1.5, kurtosis = m[4] / m[2]^2 - 3,
    q05 = q[1], q1 = q[2], median = q[3], q3 = q[4], q95 = q[5]
  )
}

level_counts <- function(values, variable, group) {
  counts <- table(values) # a factor: levels absent from the group count 0
  lapply(names(counts), function(level) {
    list(variable = variable, level = level, group = group, count = counts[[level]])
  })
}

# One row of `comparison`; df2 is NA but for Welch's one-way test, the statistic of Fisher's test.
comparison <- function(variable, test, found) {
  df <- c(unname(found$parameter), NA, NA)
  statistic <- c(unname(found$statistic), NA)
  list(
    variable = variable, test = test, statistic = statistic[1], df = df[1], df2 = df[2],
    p_value = found$p.value
  )
}

compare_numbers <- function(x, variable, group) {
  if (nlevels(group) == 2) {
    list(
      comparison(variable, "welch_t", t.test(x ~ group)), # first level minus second
      comparison(variable, "wilcoxon", wilcox.test(x ~ group, exact = FALSE, correct = FALSE))
    )
  } else {
    list(
      comparison(variable, "welch_anova", oneway.test(x ~ group, var.equal = FALSE)),
      comparison(variable, "kruskal", kruskal.test(x ~ group))
    )
  }
}

compare_levels <- function(x, variable, group) {
  counts <- table(x, group)
  # The warning that small expected counts make the p-value approximate is no concern here.
  pearson <- comparison(variable, "chi_square", suppressWarnings(chisq.test(counts, correct = FALSE)))
  if (identical(dim(counts), c(2L, 2L))) {
    list(pearson, comparison(variable, "fisher", fisher.test(counts)))
  } else {
    list(pearson)
  }
}

correlate <- function(pair, data) {
  x <- data[[pair[1]]]
  y <- data[[pair[2]]]
  found <- cor.test(x, y, method = "pearson") # drops incomplete pairs
  list(
    variable_1 = pair[1], variable_2 = pair[2], n = sum(complete.cases(x, y)),
    r = unname(found$estimate), conf_low = found$conf.int[1], conf_high = found$conf.int[2],
    p_value = found$p.value
  )
}

make_case <- function(id) {
  study <- studies[[id]]
  data <- read.csv(file.path("tests/reference/data", paste0(id, ".csv")), na.strings = "")
  as_text <- c(study$group_by, study$categorical)
  data[as_text] <- lapply(data[as_text], as_levels)
  group <- data[[study$group_by]]
  rows <- rows_by_group(group)

  # f(values, variable, group name) for every variable and group
  each <- function(variables, f) {
    unlist(lapply(variables, function(variable) {
      lapply(names(rows), function(name) f(data[[variable]][rows[[name]]], variable, name))
    }), recursive = FALSE)
  }
  list(
    id = id, data = id, group_by = study$group_by,
    columns = c(study$numeric, study$categorical),
    expected = list(
      numeric = each(study$numeric, numeric_summary),
      categorical = unlist(each(study$categorical, level_counts), recursive = FALSE),
      comparison = c(
        do.call(c, lapply(study$numeric, function(v) compare_numbers(data[[v]], v, group))),
        do.call(c, lapply(study$categorical, function(v) compare_levels(data[[v]], v, group)))
      ),
      correlation = combn(study$numeric, 2, correlate, simplify = FALSE, data = data)
    ),
    r_calls = r_calls
  )
}

# toJSON writes at most 15 significant digits: numbers go in as ready-made JSON of 17.
exact <- function(x) {
  stopifnot(length(x) == 1, is.finite(x) || is.na(x))
  structure(if (is.na(x)) "null" else sprintf("%.17g", x), class = "json")
}

result <- list(
  session_info = c(R.version.string, paste("jsonlite", packageVersion("jsonlite"))),
  cases = lapply(names(studies), make_case)
)
result <- rapply(result, exact, classes = "numeric", how = "replace")
json <- toJSON(result, auto_unbox = TRUE, json_verbatim = TRUE, na = "null", pretty = 2)
writeLines(json, "tests/reference/summary.json")
