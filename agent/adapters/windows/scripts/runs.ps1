# runs.ps1, version 1. The newest runs with what their steps did, newest first; of older ones the newest of
# each connector and profile, so that a first full import can still be seen when the week is long.

$BatonRunsNewest = 96

function Get-BatonSteps {
    param(
        $Run
    )

    $names = @(
        'StepNumber',
        'StepResult',
        'StartDate',
        'EndDate',
        'StageNoChange',
        'StageAdd',
        'StageUpdate',
        'StageRename',
        'StageDelete',
        'StageDeleteAdd',
        'StageFailure',
        'ExportAdd',
        'ExportUpdate',
        'ExportRename',
        'ExportDelete',
        'ExportDeleteAdd',
        'ExportFailure'
    )
    foreach ($step in (Get-BatonValue -Object $Run -Name 'RunStepResults')) {
        Select-BatonProperties -Object $step -Names $names
    }
}

function Get-BatonRun {
    param(
        $Run,
        $WithSteps
    )

    $names = @(
        'RunHistoryId',
        'ConnectorId',
        'ConnectorName',
        'RunProfileId',
        'RunProfileName',
        'RunNumber',
        'IsRunComplete',
        'Result',
        'CurrentStepNumber',
        'TotalSteps',
        'StartDate',
        'EndDate'
    )
    $record = Select-BatonProperties -Object $Run -Names $names
    $record['RunStepResults'] = $null
    if ($null -ne $WithSteps) {
        $record['RunStepResults'] = @(Get-BatonSteps -Run $WithSteps)
    }
    return $record
}

function Get-BatonRuns {
    Import-BatonModule
    $with_steps = @{}
    foreach ($run in (Get-ADSyncRunProfileResult -NumberRequested $BatonRunsNewest -RunStepDetails)) {
        $with_steps[$run.RunHistoryId.ToString()] = $run
    }
    $seen = @{}
    $count = 0
    $all = @(Get-ADSyncRunProfileResult | Sort-Object -Property 'StartDate' -Descending)
    foreach ($run in $all) {
        $kind = "$($run.ConnectorId) $($run.RunProfileName)"
        $first = -not $seen.ContainsKey($kind)
        $seen[$kind] = $true
        $count++
        if ($count -gt $BatonRunsNewest -and -not $first) {
            continue
        }
        $id = $run.RunHistoryId.ToString()
        if (-not $with_steps.ContainsKey($id)) {
            $with_steps[$id] = Get-ADSyncRunProfileResult -RunHistoryId $run.RunHistoryId -RunStepDetails
        }
        Get-BatonRun -Run $run -WithSteps $with_steps[$id]
    }
}
