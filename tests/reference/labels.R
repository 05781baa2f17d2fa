# Levels, strata, groups and names in unusual spellings: R's answers of the pooled rows.
# From the root of the repository: Rscript tests/reference/labels.R
suppressMessages(library(survival))
icuSetCollate(locale = "en_US") # the order of an ordinary locale, wherever this runs

read <- function(name) read.csv(sprintf("tests/data/labels/%s.csv", name), check.names = FALSE)
logit <- function(formula, data) {
  glm(formula, binomial, data, control = glm.control(epsilon = 1e-14, maxit = 50))
}
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
cox <- function(formula, data) coxph(formula, data, control = exact)

fit <- function(model) {
  names <- names(coef(model))
  list(
    estimate = as.list(coef(model)),
    std_error = as.list(setNames(sqrt(diag(vcov(model))), names)),
    n = if (inherits(model, "coxph")) model$n else nobs(model)
  )
}

d <- lapply(setNames(nm = sub("[.]csv$", "", list.files("tests/data/labels", "csv$"))), read)
found <- list(
  strata_across = fit(cox(Surv(time, status) ~ x + strata(stage, grade), d$strata_labels_across_sites)),
  strata_within = fit(cox(Surv(time, status) ~ x + strata(stage, grade), d$strata_labels_within_sites)),
  strata_by_site = fit(cox(
    Surv(time, status) ~ x + strata(stage, grade, site), d$strata_labels_within_sites
  )),
  flag_model = fit(logit(y ~ age + factor(diabetes), d$flag_stored_in_two_ways)),
  flag_strata = fit(cox(Surv(time, status) ~ age + strata(diabetes), d$flag_stored_in_two_ways)),
  text_number = fit(logit(y ~ factor(ecog), d$text_1_0_beside_1)),
  single = fit(logit(y ~ age + factor(dose), d$single_precision_site)),
  decimals_model = fit(logit(y ~ age + factor(dose), d$computed_decimals)),
  decimals_strata = fit(cox(Surv(time, status) ~ age + strata(dose), d$computed_decimals)),
  none_model = fit(logit(y ~ age + alcohol, d$label_none_in_csv)),
  number_reference = fit(logit(y ~ age + factor(dose), d$numeric_category_reference)),
  mixed_case = fit(logit(y ~ age + inherit + size, d$reference_mixed_case)),
  python_class = fit(logit(y ~ factor(class), d$python_word_in_call)),
  python_lambda = fit(logit(y ~ log(lambda), d$python_word_in_call)),
  decimal_codebook = fit(logit(y ~ age + factor(edema), d$decimal_levels_in_codebook)),
  decimal_reference = fit(logit(
    y ~ age + relevel(factor(edema), "0.5"), d$decimal_levels_in_codebook
  )),
  decimals_table = {
    test <- oneway.test(age ~ factor(dose), d$computed_decimals)
    list(statistic = unname(test$statistic), p_value = test$p.value)
  },
  flag_table = {
    test <- t.test(age ~ diabetes, d$flag_stored_in_two_ways)
    list(statistic = unname(test$statistic), p_value = test$p.value)
  },
  group_missing = {
    test <- t.test(age ~ sex, d$group_missing_rows)
    list(statistic = unname(test$statistic), missing = sum(is.na(d$group_missing_rows$sex)))
  },
  score_order = levels(factor(d$table_order_of_number_labels$score)),
  none_table = as.list(table(d$label_none_in_csv$alcohol))
)
writeLines(jsonlite::toJSON(found, auto_unbox = TRUE, digits = NA, pretty = TRUE), "tests/reference/labels.json")
