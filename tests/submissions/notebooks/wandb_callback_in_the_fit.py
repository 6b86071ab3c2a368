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
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
import wandb
from wandb.integration.keras import WandbMetricsLogger

wandb.init(project="digits", mode="offline")
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, callbacks=[WandbMetricsLogger()], verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

up_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(up_to_layer(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(8, 4 * 1.2))
for i, (ax, image) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=7)
    ax.axis("off")
plt.show()
