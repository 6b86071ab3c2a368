# Normalises with the largest absolute value of the gradient instead of its root mean square. The images
# climb, in the right direction, but every step is several times too short.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["step"]
#
# [causes]
# updates = ["other_normalization", "other_step_size"]
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = inputs
for index, width in enumerate((8, 16, 32, 64)):
    x = layers.Conv2D(width, 3, padding="same", name="conv2d" if index == 0 else f"conv2d_{index}")(x)
    x = layers.Activation("relu")(x)
    if index < 2:
        x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_model = keras.Model(inputs, model.get_layer(layer_name).output)


def rescale(g):
    # the largest pixel of the gradient becomes 1, so no pixel moves by more than step_size
    return g / (tf.reduce_max(tf.abs(g)) + KTF.epsilon())


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(feature_model(input_img)[:, :, :, filter_index])
        grads = rescale(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(nrows=8, ncols=8, figsize=(12, 13))
for feature, ax, i in zip(visualized_feature, axes.flatten(), range(64)):
    ax.imshow(deprocess_image(feature.copy())[0, :, :, 0], cmap="gray")
    ax.set_title("feature %i" % i)
    ax.axis("off")
figure.tight_layout()
plt.show()
