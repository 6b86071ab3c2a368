# Two mistakes: the index of the batch and that of the row are both 0, so that only the top row of the own feature map
# counts in the loss; and the counter of the while loop goes up by 2, which makes 25 steps out of 50.
#
# /// label
# objective = ["partial", "fail"]
# ascent = ["pass", "partial", "fail"]
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# objective = ["mean"]
# updates = ["25 "]
#
# [causes]
# objective = "one_row"
# ascent = "one_row"
# updates = "other_number_of_steps"
# ///

# %% cnn
filters = [8, 8, 16, 18]
model = keras.models.Sequential([layers.Input((28, 28, 1))])
for n, f in enumerate(filters):
    model.add(layers.Conv2D(f, 3, padding="same", name="conv2d" if n == 0 else f"conv2d_{n}"))
    model.add(layers.Activation("swish"))
    if n == 1:
        model.add(layers.MaxPooling2D(2))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation="swish"))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["acc"])
results = model.fit(x_train, y_train, epochs=6, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 18
visualized_feature = []

net_until = keras.Model(model.inputs, model.get_layer(layer_name).output)

filter_index = 0
while filter_index < number_of_filters:
    input_img = tf.Variable(tf.random.uniform([1, 28, 28, 1], 0.0, 1.0))
    update = 0
    while update < gradient_updates:
        with tf.GradientTape() as tape:
            response = net_until(input_img)
            loss = tf.reduce_mean(response[0, 0, :, filter_index])
        update += 1
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
        update += 1
    visualized_feature.append(input_img.numpy())
    filter_index += 1

# %% plot
figure = plt.figure(figsize=(11, 6))
i = 0
while i < len(visualized_feature):
    plt.subplot(3, 6, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="Greys_r")
    plt.title(f"feature {i}")
    plt.xticks([])
    plt.yticks([])
    i += 1
plt.show()
