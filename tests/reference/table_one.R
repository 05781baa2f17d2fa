# Table 1 in full: as summary.R, with SMD, percentages and every level, on the splits of tests/data.
# From the root of the repository: Rscript tests/reference/table_one.R
source("tests/reference/common.R")

quantiles <- c(q05 = .05, q1 = .25, median = .5, q3 = .75, q95 = .95, q25 = .25, q50 = .5, q75 = .75)

moments <- function(x, variable, group) {
  missing <- sum(is.na(x))
  x <- x[!is.na(x)]
  d <- x - mean(x)
  # g1 and excess g2 with moments over n, as scipy.stats.skew and kurtosis; undefined without spread
  m2 <- mean(d^2)
  c(
    list(variable = variable, group = group, n = length(x), missing = missing, mean = mean(x), sd = sd(x),
      skewness = mean(d^3) / m2^1.5, kurtosis = mean(d^4) / m2^2 - 3),
    as.list(setNames(quantile(x, quantiles, type = 7), names(quantiles)))
  )
}

counts <- function(x, levels, variable, group) {
  table <- table(factor(x, levels))
  lapply(names(table), function(level) {
    list(variable = variable, level = level, group = group, count = table[[level]],
      percent = 100 * table[[level]] / sum(table), missing = sum(is.na(x)))
  })
}

# |difference| / root mean variance, the mean over pairs of groups (as R's tableone)
smd_numeric <- function(x, g) {
  mean(combn(split(x, g), 2, function(pair) {
    abs(mean(pair[[1]], na.rm = TRUE) - mean(pair[[2]], na.rm = TRUE)) /
      sqrt((var(pair[[1]], na.rm = TRUE) + var(pair[[2]], na.rm = TRUE)) / 2)
  }))
}

# Mahalanobis form for levels (Yang & Dalton 2012), the first level left out
smd_levels <- function(x, g) {
  shares <- prop.table(table(x, g), 2)[-1, , drop = FALSE]
  mean(combn(ncol(shares), 2, function(pair) {
    spread <- Reduce(`+`, lapply(pair, function(k) diag(shares[, k], nrow(shares)) - tcrossprod(shares[, k]))) / 2
    difference <- shares[, pair[1]] - shares[, pair[2]]
    sqrt(drop(difference %*% MASS::ginv(spread) %*% difference))
  }))
}

compared <- function(variable, name, test, smd) {
  df <- c(unname(test$parameter), NA, NA)
  statistic <- c(unname(test$statistic), NA)
  list(variable = variable, test = name, statistic = statistic[1], df = df[1], df2 = df[2],
    p_value = test$p.value, smd = smd)
}

compare_numeric <- function(x, g, variable) {
  smd <- smd_numeric(x, g)
  if (nlevels(g) == 2) {
    list(compared(variable, "welch_t", t.test(x ~ g), smd),
      compared(variable, "wilcoxon", wilcox.test(x ~ g, exact = FALSE, correct = FALSE), smd))
  } else {
    list(compared(variable, "welch_anova", oneway.test(x ~ g, var.equal = FALSE), smd),
      compared(variable, "kruskal", kruskal.test(x ~ g), smd))
  }
}

compare_levels <- function(x, g, variable) {
  counts <- table(x, g)
  smd <- smd_levels(x, g)
  found <- list(compared(variable, "chi_square", suppressWarnings(chisq.test(counts, correct = FALSE)), smd))
  if (!identical(dim(counts), c(2L, 2L))) return(found)
  c(found, list(compared(variable, "fisher", fisher.test(counts), smd)))
}

correlate <- function(data, pair) {
  test <- cor.test(data[[pair[1]]], data[[pair[2]]])
  list(variable_1 = pair[1], variable_2 = pair[2], n = test$parameter[[1]] + 2, r = test$estimate,
    conf_low = test$conf.int[1], conf_high = test$conf.int[2], p_value = test$p.value)
}

summary_case <- function(name, numeric, levels, group_by, groups) {
  data <- read(name)
  g <- factor(data[[group_by]], groups)
  parts <- c(list(all = rep(TRUE, nrow(data))), lapply(setNames(nm = levels(g)), function(level) g == level))
  list(
    id = paste0(name, "_by_", group_by), data = name, splits = I(c("1", "3", "5")),
    r_call = paste("mean, sd, quantile(type = 7), t.test or oneway.test(var.equal = FALSE),",
      "wilcox.test(exact = FALSE, correct = FALSE) or kruskal.test, chisq.test(correct = FALSE),",
      "fisher.test, cor.test"),
    request = list(
      columns = I(c(numeric, names(levels))), group_by = group_by, correlation = TRUE,
      levels = lapply(c(levels, setNames(list(groups), group_by)), I)
    ),
    expected = list(
      numeric = unname(unlist(lapply(numeric, function(v) {
        lapply(names(parts), function(p) moments(data[[v]][parts[[p]]], v, p))
      }), recursive = FALSE)),
      categorical = unlist(lapply(names(levels), function(v) {
        unlist(lapply(names(parts), function(p) counts(data[[v]][parts[[p]]], levels[[v]], v, p)), recursive = FALSE)
      }), recursive = FALSE),
      comparison = c(
        do.call(c, lapply(numeric, function(v) compare_numeric(data[[v]], g, v))),
        do.call(c, lapply(names(levels), function(v) compare_levels(factor(data[[v]], levels[[v]]), g, v)))
      ),
      correlation = combn(numeric, 2, function(pair) correlate(data, pair), simplify = FALSE)
    )
  )
}

save(list(
  # Missing values in most columns; ph.ecog 3 is one patient
  summary_case("lung", c("time", "age", "ph.karno", "pat.karno", "meal.cal", "wt.loss"),
    list(ph.ecog = c("0", "1", "2", "3"), dead = c("0", "1")), "sex", c("1", "2")),
  # Skewed counts (nodes, receptors) with many zeros
  summary_case("gbsg2", c("age", "tsize", "pnodes", "progrec", "estrec", "time"),
    list(menostat = c("Pre", "Post"), tgrade = c("I", "II", "III"), cens = c("0", "1")), "horTh", c("no", "yes")),
  # Three groups: Welch's one-way test
  summary_case("birthwt", c("age", "lwt", "ptl", "ftv", "bwt"),
    list(low = c("0", "1"), smoke = c("0", "1"), ht = c("0", "1"), ui = c("0", "1"), ptd = c("0", "1"),
      ftv2 = c("0", "1", "2+")), "race3", c("white", "black", "other"))
), "table_one")
