# Tests between groups where R has one and rounding decides, and where R has none: groups without
# spread, groups that share no level, few expected rows. The rows stand in the file, ready to split.
# From the root of the repository: Rscript tests/reference/groups.R
source("tests/reference/common.R")
set.seed(20)

tested <- function(expression) tryCatch(suppressWarnings(expression), error = function(e) NULL)

# NA where R has no test, or no finite one
found <- function(test) {
  p <- if (is.null(test) || !is.finite(test$p.value)) NA_real_ else test$p.value
  statistic <- if (is.na(p) || is.null(test$statistic)) NA_real_ else unname(test$statistic)
  df <- if (is.na(p) || is.null(test$parameter)) NA_real_ else unname(test$parameter)[1]
  list(statistic = statistic, df = df, p_value = p)
}

numbers <- function(x, g) {
  two <- nlevels(g) == 2
  pairs <- combn(split(x, g), 2, function(pair) {
    abs(mean(pair[[1]]) - mean(pair[[2]])) / sqrt((var(pair[[1]]) + var(pair[[2]])) / 2)
  })
  welch <- tested(if (two) t.test(x ~ g) else oneway.test(x ~ g, var.equal = FALSE))
  rank <- tested(if (two) wilcox.test(x ~ g, exact = FALSE, correct = FALSE) else kruskal.test(x ~ g))
  list(welch = found(welch), rank = found(rank), smd = if (all(is.finite(pairs))) mean(pairs) else NA_real_)
}

# The Mahalanobis form; NA where the difference lies outside the covariance (it is infinite)
of_levels <- function(a, b) {
  s <- (diag(a, length(a)) - a %o% a + diag(b, length(b)) - b %o% b) / 2
  d <- a - b
  inside <- qr(cbind(s, d), tol = 1e-9)$rank == qr(s, tol = 1e-9)$rank
  if (inside) sqrt(drop(t(d) %*% MASS::ginv(s) %*% d)) else NA_real_
}

levels_of <- function(x, g) {
  counts <- table(x, g)
  shares <- prop.table(counts, 2)[-1, , drop = FALSE]
  pairs <- combn(ncol(shares), 2, function(k) of_levels(shares[, k[1]], shares[, k[2]]))
  small <- identical(dim(counts), c(2L, 2L))
  pearson <- tested(chisq.test(counts, correct = FALSE))
  list(
    chi_square = found(pearson), least_expected = min(pearson$expected),
    fisher = if (small) found(tested(fisher.test(counts))) else NULL,
    smd = if (anyNA(pairs)) NA_real_ else mean(pairs)
  )
}

number_case <- function(id, x, g) {
  list(id = id, data = list(x = I(x), group = I(as.character(g))), expected = numbers(x, factor(g)))
}

level_case <- function(id, x, g) {
  list(id = id, data = list(x = I(as.character(x)), group = I(as.character(g))),
    expected = levels_of(factor(x), factor(g)))
}

two <- rep(c("a", "b"), c(60, 75))
three <- rep(c("a", "b", "c"), c(50, 60, 70))
constants <- c(0, 1, 0.1, 1 / 3, 7.3, 98.6, 1234.5, 1e-3, 2e6 / 3, -4.7, 37.2, 1e5 + 0.1)
numeric_cases <- c(
  lapply(seq_along(constants), function(k) { # one of two groups is constant
    number_case(paste0("one_constant_", k), c(rep(constants[k], 60), round(constants[k] + rgamma(75, 3) * 5, 2)), two)
  }),
  lapply(seq_along(constants), function(k) { # both are, and differ
    number_case(paste0("both_constant_", k), rep(c(constants[k], constants[k] + 2.7), c(60, 75)), two)
  }),
  list(
    number_case("same_constant", rep(12.7, 135), two),
    number_case("one_of_three_constant", c(rep(5.3, 50), round(rnorm(60, 6), 2), round(rnorm(70, 5), 2)), three),
    number_case("two_of_three_constant", c(rep(5.3, 50), rep(6.1, 60), round(rnorm(70, 5), 2)), three),
    number_case("three_constant", rep(c(1.1, 2.2, 3.3), c(50, 60, 70)), three),
    number_case("whole_two", c(rpois(60, 4), rpois(75, 5)), two),
    number_case("whole_three", c(rpois(50, 4), rpois(60, 5), rpois(70, 3)), three),
    number_case("many_zeros", c(rpois(60, 1), 3 * rpois(75, 1)), two),
    number_case("skewed", round(c(rlnorm(60, 0, 1.2), rlnorm(75, 0.4, 1.2)), 1), two),
    number_case("skewed_three", round(c(rlnorm(50), rlnorm(60, 0.3), rlnorm(70, 0.1)), 1), three)
  )
)
categorical_cases <- list(
  level_case("disjoint", rep(c("u", "v", "w", "x"), c(30, 30, 40, 35)), two),
  level_case("one_level_each", rep(c("no", "yes"), c(60, 75)), two),
  level_case("disjoint_pair_of_three", c(rep(c("no", "yes"), c(30, 20)), rep("no", 60), rep("yes", 70)), three),
  level_case("one_level_in_one_group", c(rep("u", 60), rep(c("u", "v"), c(40, 35))), two),
  level_case("part_shared", c(rep(c("u", "v"), c(30, 30)), rep(c("v", "w"), c(40, 35))), two),
  level_case("sparse", c(rep(c("no", "yes"), c(53, 7)), rep("no", 75)), two),
  level_case("sparse_three_levels", c(rep(c("u", "v", "w"), c(48, 6, 6)), rep(c("u", "v"), c(70, 5))), two),
  level_case("plenty", sample(c("u", "v"), 135, TRUE), two),
  level_case("three_groups", sample(c("u", "v", "w"), 180, TRUE), three)
)
save(c(numeric_cases, categorical_cases), "groups")
