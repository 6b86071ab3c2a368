# Logs to Weights & Biases, which is not installed where it is graded: the cell stops before the fit, and
# that is not the student's fault. The ascent works on the untrained filters as well.
#
# /// label
# training = "review"
#
# [feedback_mentions]
# training = ["wandb"]
# ///

# %% cnn
config = {"filters": [8, 12, 16, 35], "kernel": 3, "epochs": 4, "batch": 32}

model = keras.Sequential(name="run_1")
model.add(layers.Input(shape=x_train.shape[1:]))
for k, filters in enumerate(config["filters"]):
    suffix = f"_{k}" if k > 0 else ""
    model.add(layers.Conv2D(filters, config["kernel"], padding="same", activation="relu", name="conv2d" + suffix))
    if k in {1, 3}:
        model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(y_train.shape[1], activation="softmax"))

# %% train
import wandb
from wandb.integration.keras import WandbMetricsLogger

run = wandb.init(project="digits", mode="offline", config=config)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(
    x_train,
    y_train,
    batch_size=config["batch"],
    epochs=config["epochs"],
    callbacks=[WandbMetricsLogger()],
    verbose=2,
)
run.finish()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = config["filters"][-1]
visualized_feature = []

encoder = keras.Model(model.inputs, model.get_layer(layer_name).output)


def loss_and_gradient(candidate, filter_index):
    with tf.GradientTape() as tape:
        loss = KTF.mean(encoder(candidate)[..., filter_index])
    return loss, tape.gradient(loss, candidate)


for filter_index in range(number_of_filters):
    candidate = KTF.variable(np.random.rand(1, 28, 28, 1))
    history = []
    for update in range(gradient_updates):
        loss, grads = loss_and_gradient(candidate, filter_index)
        candidate.assign_add(step_size * normalize(grads))
        history.append(float(loss))
    visualized_feature.append(candidate.numpy())
    if filter_index < 3:
        print(filter_index, ["%.3f" % value for value in history[::10]])

# %% plot
figure, axes = plt.subplots(5, 7, figsize=(10, 8.5))
figure.suptitle("what the filters of " + layer_name + " look for")
for filter_index, axis in np.ndenumerate(axes):
    flat_index = np.ravel_multi_index(filter_index, axes.shape)
    axis.imshow(deprocess_image(visualized_feature[flat_index].copy())[0, :, :, 0], cmap="gray")
    axis.set_title(f"feature {flat_index}", fontsize=9)
    axis.set_axis_off()
plt.show()
