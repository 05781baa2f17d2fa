# Models whose splines have the knots that our results print. From the root: Rscript tests/reference/splines.R
suppressMessages({library(survival); library(splines)})
source("tests/reference/common.R")
options(warn = 2)

# The knots of `df=` that tests/reference/test_splines.py finds in the results
basis <- function(f, x, placed) {
  k <- length(placed)
  f(x, knots = placed[-c(1, k)], Boundary.knots = placed[c(1, k)])
}

case <- function(id, f, df, placed) {
  data <- read("gbsg2")
  data$spline <- basis(f, data$age, placed)
  logistic <- glm(cens ~ spline, binomial, data, control = glm.control(epsilon = 1e-14))
  cox <- coxph(Surv(time, cens) ~ spline, data, control = coxph.control(eps = 1e-12, toler.chol = 1e-13, toler.inf = 1e-6, iter.max = 50))
  list(id = id, data = "gbsg2", splits = I(c("1", "3", "5")), r_call = "glm(cens ~ spline, binomial), coxph(Surv(time, cens) ~ spline)",
    request = list(formula = paste0(id, "(age, df=", df, ")")),
    expected = list(knots = I(placed), logistic = I(unname(coef(logistic)[-1])), cox = I(unname(coef(cox)))))
}

# age: mean 53.05, sd 10.12, so knots are whole numbers; bs has boundaries at 4 sd, ns at 2
save(list(case("bs", bs, 5, c(13, 46, 60, 94)), case("ns", ns, 3, c(33, 46, 60, 73))), "splines")
