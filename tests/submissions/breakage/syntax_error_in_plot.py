# Everything up to the images is right; seeds and a GPU named in `with tf.device(...)` (without a GPU,
# TensorFlow takes the CPU) do no harm. In the plot cell a closing bracket is missing: a syntax error, so no
# figure at all.
#
# /// label
# plot = "fail"
#
# [feedback_mentions]
# plot = ["syntax"]
# ///

# %% cnn
import os
import random

SEED = 20
os.environ["PYTHONHASHSEED"] = str(SEED)
random.seed(SEED)
np.random.seed(SEED)
tf.random.set_seed(SEED)

with tf.device("/GPU:0"):
    model = keras.Sequential([
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print("final accuracy", results.history["accuracy"][-1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

part = keras.Model(model.inputs, model.get_layer(layer_name).output)

with tf.device("/GPU:0"):
    for filter_index in range(number_of_filters):
        input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1), seed=SEED + filter_index))
        for update in range(gradient_updates):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(part(input_img)[:, :, :, filter_index])
            grads = normalize(tape.gradient(loss, input_img))
            input_img.assign_add(step_size * grads)
        visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    axis = figure.add_subplot(8, 8, i + 1)
    axis.imshow(deprocess_image(visualized_feature[i].copy()[0, :, :, 0], cmap="gray")
    axis.set_title("feature %d" % i)
    axis.set_axis_off()

plt.show()
