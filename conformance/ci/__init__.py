"""Runs the command in a CI job: inputs from the environment, results as outputs and a comment.

The action of GitHub, the template for GitLab and the Jenkinsfile all call ``python -m
conformance.ci``, so that no input is ever part of a shell script.
"""
